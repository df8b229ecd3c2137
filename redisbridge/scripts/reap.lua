-- Removes from a room the names that only a node held whose life is over, unless the node has said
-- again, in a later one, who is present.
--
-- KEYS     as those of gather.lua, of the node whose life is over
-- ARGV[1]  the node
-- ARGV[2]  what the names of the nodes' sets begin with
-- ARGV[3]  the life that is over
-- ARGV[4]  seconds that the number of the last event is kept when nobody is present any more
--
-- Returns how many names are gone.
local members, seq, nodes, theirs = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local life = redis.call('HGET', nodes, ARGV[1])
if not life or tonumber(life) > tonumber(ARGV[3]) then return 0 end

local names = redis.call('SMEMBERS', theirs)
redis.call('DEL', theirs)
redis.call('HDEL', nodes, ARGV[1])
local others = redis.call('HKEYS', nodes)
local event = {}
for _, name in ipairs(names) do
  local held = false
  for _, other in ipairs(others) do
    if redis.call('SISMEMBER', ARGV[2] .. other, name) == 1 then held = true end
  end
  if not held and redis.call('SREM', members, name) == 1 then table.insert(event, '-' .. name) end
end
if #event == 0 then return 0 end
table.insert(event, 1, '@' .. redis.call('INCR', seq))
if redis.call('EXISTS', members) == 0 then redis.call('EXPIRE', seq, ARGV[4]) end
redis.call('PUBLISH', KEYS[5], table.concat(event, '\n'))
return #event - 1
