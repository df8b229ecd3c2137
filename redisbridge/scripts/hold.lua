-- Takes one of the places that an address has for names held after their last
-- connection, or keeps the one that the name has.
--
-- KEYS[1]  sorted set: the names' comparison forms, score = when the hold ends, µs
-- ARGV[1]  the name's comparison form
-- ARGV[2]  how many places there are
-- ARGV[3]  hold in µs
--
-- Returns 0 if it has one, else in how many ms the next is free.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  return math.max(1, math.ceil((tonumber(first or now) - now) / 1000))
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[3])), ARGV[1])
redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[3]) / 1000))
return 0
