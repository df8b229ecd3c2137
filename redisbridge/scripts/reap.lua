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
local left = {}
for _, name in ipairs(names) do
  if not isHeld(name, ARGV[2], others) and redis.call('SREM', members, name) == 1 then table.insert(left, name) end
end
tellRoom(KEYS[5], members, seq, ARGV[4], {}, left)
return #left
