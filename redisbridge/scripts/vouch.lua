-- Looks whether a claim is still the one that a node vouches for, and renews it; one
-- that Redis has lost is written back. What was written back of somebody who is not
-- connected any more gives way to somebody who is, and to a later holder; so does, to a later
-- holder, the claim of somebody who was not here since, for Redis was taken back to before that
-- one. Whose claim was made again, with nothing known of it, before it was written back, has had
-- the name, and its references, since the one that was lost.
--
-- KEYS[1]  hash: the claim, as claim.lua has it; and former: '1' until it is used, if it
--          was written back of somebody who is not connected
-- ARGV[1]  the name
-- ARGV[2]  hash of its token
-- ARGV[3]  since
-- ARGV[4]  '1': it is a signed identity's
-- ARGV[5]  how many µs ago it was last held: 0 while somebody is connected
-- ARGV[6]  '1': its holder has shown the token again
-- ARGV[7]  '1': it is held for a time after the last connection; '': as it was
-- ARGV[8]  seconds that it is kept
-- ARGV[9]  refs
--
-- Returns 1, or 0 if the name is somebody else's.
local key = KEYS[1]
local time = redis.call('TIME')
local at = tonumber(time[1]) * 1000000 + tonumber(time[2]) - tonumber(ARGV[5])
local claim = redis.call('HMGET', key, 'spelling', 'token', 'signed', 'seen', 'former', 'since', 'refs', 'used')
local connected = ARGV[5] == '0'

local known = claim[1]
local same = known == ARGV[1] and (claim[3] or '0') == ARGV[4] and (ARGV[4] == '1' or claim[2] == ARGV[2])
if known and not same then
  local former, since = claim[5] == '1', tonumber(ARGV[3])
  local later = since > tonumber(claim[6] or '0') and (former or since > tonumber(claim[8] or claim[4] or '0'))
  if not (later or former and connected) then return 0 end
  redis.call('DEL', key)
  known = false
end
if not known then
  redis.call('HSET', key, 'spelling', ARGV[1], 'token', ARGV[2], 'since', ARGV[3], 'refs', ARGV[9], 'signed', ARGV[4])
  if not connected then redis.call('HSET', key, 'former', '1') end
end
if known and claim[7] == '0' and tonumber(ARGV[3]) < tonumber(claim[6]) then redis.call('HSET', key, 'since', ARGV[3], 'refs', ARGV[9]) end
if connected then
  redis.call('HDEL', key, 'former')
  redis.call('HSET', key, 'used', string.format('%.0f', at))
end
if not known or at > tonumber(claim[4] or '0') then redis.call('HSET', key, 'seen', string.format('%.0f', at)) end
if ARGV[6] == '1' then redis.call('HSET', key, 'kept', '1') end
if ARGV[7] == '1' then redis.call('HSET', key, 'held', '1') end
redis.call('EXPIRE', key, ARGV[8])
return 1
