-- Changes which names are present in a room on a node, and tells the room whose first connection
-- anywhere came and whose last one went.
--
-- KEYS[1]  set: the names present in the room
-- KEYS[2]  string: the number of the last event
-- KEYS[3]  hash: the nodes that names are present on → the life in which the node said so last
-- KEYS[4]  set: the names present on this node; the other nodes' are beside it
-- KEYS[5]  the room's log; its name is also the channel's
-- ARGV[1]  the node
-- ARGV[2]  what the names of the nodes' sets begin with
-- ARGV[3]  the life of the node; '0': nobody is in the room on it
-- ARGV[4]  '1': the joined are all that are present on this node
-- ARGV[5]  seconds that the number of the last event is kept when nobody is present any more
-- ARGV[6]  how many names have joined; they follow, then those that left
--
-- Returns the other nodes that names are present on, each with its life.
local members, seq, nodes, mine = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local node, prefix = ARGV[1], ARGV[2]
local others, result = {}, {}

local known = redis.call('HGETALL', nodes)
for i = 1, #known, 2 do
  if known[i] ~= node then
    table.insert(others, known[i])
    table.insert(result, known[i])
    table.insert(result, known[i + 1])
  end
end

local joined, left = change(members, mine, prefix, others, ARGV[4] == '1', 6)

-- A node that is not in the room has not noted in this life that it is: what an earlier one has left behind, in
-- a Redis that was taken back to then, stays that one's, which is cleared.
if redis.call('EXISTS', mine) == 1 then
  if ARGV[3] ~= '0' then redis.call('HSET', nodes, node, ARGV[3]) end
else
  redis.call('HDEL', nodes, node)
end
tellRoom(KEYS[5], members, seq, ARGV[5], joined, left)
return result
