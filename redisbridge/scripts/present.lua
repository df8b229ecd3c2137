-- Changes which names are present on a node, and tells whose first connection
-- anywhere came and whose last one went.
--
-- KEYS[1]  set: the names present; its name is also the channel's
-- KEYS[2]  string: the number of the last event
-- KEYS[3]  sorted set: nodes, score = end of the lease in µs
-- KEYS[4]  set: the names present on this node; the other nodes' are beside it
-- ARGV[1]  the node
-- ARGV[2]  what the names of the nodes' sets begin with
-- ARGV[3]  lease in µs, for a node that has none yet
-- ARGV[4]  '1': the joined are all that are present on this node
-- ARGV[5]  how many names have joined; they follow, then those that left
--
-- Returns {lapsed, name…}: lapsed is '1' if the node had no lease, so that others may have
-- removed its names, else '0'; the names are those that left because they are not among all.
local members, seq, nodes, mine = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local node, prefix = ARGV[1], ARGV[2]
local joined, left = {}, {}

local lapsed = redis.call('ZSCORE', nodes, node) and '0' or '1'
if lapsed == '1' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  redis.call('ZADD', nodes, string.format('%.0f', now + tonumber(ARGV[3])), node)
end

local function held(name)
  for _, other in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
    if other ~= node and redis.call('SISMEMBER', prefix .. other, name) == 1 then return true end
  end
  return false
end

local function leave(name)
  local last = redis.call('SREM', mine, name) == 1 and not held(name) and redis.call('SREM', members, name) == 1
  if last then table.insert(left, '-' .. name) end
  return last
end

local last = 5 + tonumber(ARGV[5])
local stay, result = {}, {lapsed}
for i = 6, last do
  local name = ARGV[i]
  stay[name] = true
  redis.call('SADD', mine, name)
  if redis.call('SADD', members, name) == 1 then table.insert(joined, '+' .. name) end
end
if ARGV[4] == '1' then
  for _, name in ipairs(redis.call('SMEMBERS', mine)) do
    if not stay[name] and leave(name) then table.insert(result, name) end
  end
end
for i = last + 1, #ARGV do leave(ARGV[i]) end

if #joined + #left == 0 then return result end
local event = {redis.call('INCR', seq)}
for _, name in ipairs(joined) do table.insert(event, name) end
for _, name in ipairs(left) do table.insert(event, name) end
redis.call('PUBLISH', members, table.concat(event, '\n'))
return result
