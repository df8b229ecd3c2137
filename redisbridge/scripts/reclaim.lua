-- Writes a claim on a name back that Redis has lost: its holder is connected.
--
-- KEYS[1]  hash: the claim
-- ARGV[1]  the name
-- ARGV[2]  hash of the token
-- ARGV[3]  since
-- ARGV[4]  seconds that the hash is kept
--
-- Returns 1 if it was written, 0 if there is a claim.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
redis.call('HSET', KEYS[1], 'spelling', ARGV[1], 'token', ARGV[2], 'since', ARGV[3], 'seen', string.format('%.0f', now))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
