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

local lapsed = redis.call('ZSCORE', nodes, node) and '0' or '1'
if lapsed == '1' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
  redis.call('ZADD', nodes, string.format('%.0f', now + tonumber(ARGV[3])), node)
end

local others = {}
for _, other in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
  if other ~= node then table.insert(others, other) end
end
local joined, left, unsaid = change(members, mine, prefix, others, ARGV[4] == '1', 5)
tell(members, seq, '', joined, left)
table.insert(unsaid, 1, lapsed)
return unsaid
