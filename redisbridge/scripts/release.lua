-- Notes when a name was last held: its last connection on some node has ended.
--
-- KEYS[1]  hash: the claim
-- ARGV[1]  the name
-- ARGV[2]  how many µs ago
if redis.call('HGET', KEYS[1], 'spelling') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local at = tonumber(time[1]) * 1000000 + tonumber(time[2]) - tonumber(ARGV[2])
if at > tonumber(redis.call('HGET', KEYS[1], 'seen')) then
  redis.call('HSET', KEYS[1], 'seen', string.format('%.0f', at))
end
return 1
