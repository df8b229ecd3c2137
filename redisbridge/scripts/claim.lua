-- Decides who holds a name.
--
-- KEYS[1]  hash: the claim on the name's comparison form:
--          spelling, token (hash of it), since, seen (µs of the last join or leave)
-- ARGV[1]  the name as it is to be spelled
-- ARGV[2]  hash of the token that was shown, '' for none
-- ARGV[3]  hash of the token to grant
-- ARGV[4]  '1': the claimed spelling is present somewhere
-- ARGV[5]  '1': the name was proven otherwise
-- ARGV[6]  grace in µs: a name is held so long after it was last seen
-- ARGV[7]  life in µs: a claim ends so long after it was last seen
-- ARGV[8]  the spelling that ARGV[4] was asked of, '' if there was no claim
--
-- Returns {'again'} if the claim's spelling is another than ARGV[8] by now,
-- {'taken'}, {'kept', since} or {'fresh', since}: kept for the holder of the shown
-- token, fresh where the token to grant is the one that counts now.
local key = KEYS[1]
local name, proof, fresh = ARGV[1], ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local claim = redis.call('HMGET', key, 'spelling', 'token', 'since', 'seen')
local spelling, token = claim[1] or '', claim[2]

if spelling ~= ARGV[8] then return {'again'} end

-- The hash is kept for twice its life: whoever takes the name after the claim
-- ended must still not see what was sent to its former holder.
local function keep(since)
  redis.call('HSET', key, 'seen', string.format('%.0f', now))
  redis.call('EXPIRE', key, math.floor(2 * tonumber(ARGV[7]) / 1000000))
  return string.format('%.0f', since)
end

local since = 0
if spelling ~= '' then
  local idle = now - tonumber(claim[4])
  if idle <= tonumber(ARGV[7]) then
    local mine = token == proof or token == fresh or ARGV[5] == '1'
    if mine and spelling == name then
      return {token == fresh and 'fresh' or 'kept', keep(tonumber(claim[3]))}
    end
    if mine or ARGV[4] == '1' or idle < tonumber(ARGV[6]) then return {'taken'} end
  end
  since = now
end
-- Where there is no claim, a shown token may be of one that Redis has lost: it stays
-- the holder's.
local verdict = 'fresh'
if spelling == '' and proof ~= '' then fresh, verdict = proof, 'kept' end
redis.call('HSET', key, 'spelling', name, 'token', fresh, 'since', string.format('%.0f', since))
return {verdict, keep(since)}
