-- Renews a node's lease, and removes what only nodes held whose lease ran out.
--
-- KEYS[1]  set: the names present; its name is also the channel's
-- KEYS[2]  string: the number of the last event
-- KEYS[3]  sorted set: nodes, score = end of the lease in µs
-- KEYS[4]  set: the names present on this node
-- KEYS[5]  string: when a node last renewed its lease, µs
-- KEYS[6]  hash: node → its life, in which it has said who is in which room
-- KEYS[7]  sorted set: lives that are over, as 'node life', of which the rooms are to be told;
--          score = until when somebody is at it, µs
-- ARGV[1]  the node
-- ARGV[2]  what the names of the nodes' sets begin with
-- ARGV[3]  lease in µs from now
-- ARGV[4]  how long it may be at most, in µs, that no node renews while all is well
-- ARGV[5]  the life of this node
-- ARGV[6]  how long one may be at it, in µs, to tell the rooms of a life that is over
-- ARGV[7]  after how many µs somebody is to begin with this node's own former lives; they follow
--
-- Returns {lapsed, names, end, next, dead, life…, left…}: lapsed is 1 if this node's own lease had
-- run out, or was never there: then others may have removed its names, and it removes
-- nobody's (the first one back after an outage would remove everybody's). names is
-- how many are present on this node by Redis's account, end when the lease ends, µs, next when the
-- first of the others' does, 0 if there are none, dead how many lives follow that this node is to
-- tell the rooms of, and left are the names that were removed.
local members, seq, nodes, mine, renewed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lives, over = KEYS[6], KEYS[7]
local node, prefix = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local lease = redis.call('ZSCORE', nodes, node)
local lapsed = not lease or tonumber(lease) < now

-- What is longer than that no node could: Redis was away, or its clock was set forward. It
-- counts against none of the others: who renews first, or twice, would remove their names.
local away = now - tonumber(redis.call('GET', renewed) or now) - tonumber(ARGV[4])
redis.call('SET', renewed, string.format('%.0f', now))
if away > 0 then
  for _, other in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
    if other ~= node then redis.call('ZINCRBY', nodes, string.format('%.0f', away), other) end
  end
end

local lasts = string.format('%.0f', now + tonumber(ARGV[3]))
redis.call('ZADD', nodes, lasts, node)
local function isOver(life)
  redis.call('ZADD', over, 'NX', string.format('%.0f', now + tonumber(ARGV[7])), node .. ' ' .. life)
end
-- A Redis that was taken back to an earlier moment has a life of then, which the node has told of long ago. One
-- that is later was told of before this came: a bridge that has died since had asked for it.
local known = tonumber(redis.call('HGET', lives, node) or 0)
if known > 0 and known < tonumber(ARGV[5]) then isOver(string.format('%.0f', known)) end
if known < tonumber(ARGV[5]) then redis.call('HSET', lives, node, ARGV[5]) end
for i = 8, #ARGV do isOver(ARGV[i]) end
local result = {lapsed and '1' or '0', tostring(redis.call('SCARD', mine)), lasts, '0', '0'}
if lapsed then return result end

local left = {}
local dead = redis.call('ZRANGEBYSCORE', nodes, '-inf', '(' .. string.format('%.0f', now))
for _, other in ipairs(dead) do
  redis.call('ZREM', nodes, other)
  local life = redis.call('HGET', lives, other)
  redis.call('HDEL', lives, other)
  if life then redis.call('ZADD', over, '0', other .. ' ' .. life) end
end
for _, life in ipairs(redis.call('ZRANGEBYSCORE', over, '-inf', string.format('%.0f', now))) do
  redis.call('ZADD', over, string.format('%.0f', now + tonumber(ARGV[6])), life)
  table.insert(result, life)
end
result[5] = tostring(#result - 5)
local leases = redis.call('ZRANGE', nodes, 0, 1, 'WITHSCORES') -- the first two: one may be ours
for i = #leases - 1, 1, -2 do
  if leases[i] ~= node then result[4] = leases[i + 1] end
end
local alive = redis.call('ZRANGE', nodes, 0, -1)
for _, other in ipairs(dead) do
  for _, name in ipairs(redis.call('SMEMBERS', prefix .. other)) do
    if not isHeld(name, prefix, alive) and redis.call('SREM', members, name) == 1 then
      table.insert(left, name)
      table.insert(result, name)
    end
  end
  redis.call('DEL', prefix .. other)
end
tell(members, seq, '', {}, left)
return result
