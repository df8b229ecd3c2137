-- Decides who holds a name.
--
-- KEYS[1]  hash: the claim on the name's comparison form:
--          spelling, token (hash of it), since, seen (µs when it was last held),
--          kept ('1': its holder has shown the token again), held ('1': and has the
--          name for a time after the last connection), signed ('1': the name is a
--          signed identity's, not a token's), refs (where it is not since: references
--          with ids above it are its holder's, for it may follow a claim that was lost),
--          used (µs when its holder was last here for sure: whoever was seen may have had a
--          later claim, which was lost)
-- ARGV[1]  the name as it is to be spelled
-- ARGV[2]  hash of the token that was shown, '' for none
-- ARGV[3]  hash of the token to grant
-- ARGV[4]  '1': the claimed spelling is present somewhere
-- ARGV[5]  '1': the name is a signed identity's
-- ARGV[6]  grace in µs: a name is its holder's so long after it was last seen
-- ARGV[7]  hold in µs: and so long if it is held
-- ARGV[8]  the spelling that ARGV[4] was asked of, '' if there was no claim
-- ARGV[9]  seconds that a claim is kept whose holder came back
-- ARGV[10] seconds that another is
-- ARGV[11] '1': what is in the inbox was sent before anybody had claimed the name
-- ARGV[12] a new claim sees nothing with an id up to this one or now
-- ARGV[13] '1': only look
-- ARGV[14] when ARGV[11] was looked at, µs: what was sent since is the first's to take the
--          name
--
-- Returns {'again'} if the claim's spelling is another than ARGV[8] by now,
-- {'taken'}, {'kept', since, refs} or {'fresh', since, refs}: kept for the holder of the shown
-- token, fresh where the token to grant is the one that counts now.
local key = KEYS[1]
local name, proof, fresh, present, signed = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5] == '1'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local claim = redis.call('HMGET', key, 'spelling', 'token', 'since', 'seen', 'kept', 'held', 'signed', 'refs')
local spelling, token, wasSigned = claim[1] or '', claim[2], claim[7] == '1'

if spelling ~= ARGV[8] then return {'again'} end

local function use(since, kept)
  if ARGV[13] == '1' then return string.format('%.0f', since) end
  redis.call('HSET', key, 'seen', string.format('%.0f', now), 'used', string.format('%.0f', now))
  redis.call('HDEL', key, 'former')
  if kept then redis.call('HSET', key, 'kept', '1') end
  redis.call('EXPIRE', key, kept and ARGV[9] or ARGV[10])
  return string.format('%.0f', since)
end

local begun = spelling == '' and math.min(now, tonumber(ARGV[14])) or now
local since = math.max(begun, tonumber(ARGV[12]))
local keeps = signed
if spelling == '' then
  if ARGV[11] == '1' then since = 0 end
  -- A shown token may be of a claim that Redis has lost: it stays its bearer's, who
  -- sees nothing of what was here before.
  if proof ~= '' and not signed then fresh, keeps = proof, true end
else
  since = math.max(since, tonumber(claim[3]) + 1) -- claims follow each other, also where the clock was set back
  local mine
  if signed or wasSigned then
    mine = signed and wasSigned
  else
    mine = token == proof or token == fresh
  end
  -- Presence counts before age: who is connected has the name.
  if mine and spelling == name then
    keeps = keeps or token == proof or claim[5] == '1'
    return {token == fresh and 'fresh' or 'kept', use(tonumber(claim[3]), keeps), claim[8] or claim[3]}
  end
  if present then return {'taken'} end
  local idle = now - tonumber(claim[4])
  if signed then
    -- An open claim is not inherited, and is none against a signed identity; another
    -- signed identity that compares equal is somebody else.
    if wasSigned then return {'taken'} end
  elseif idle < tonumber(ARGV[6]) then
    return {'taken'}
  elseif not mine and (claim[6] == '1' or wasSigned) and idle < tonumber(ARGV[7]) then
    return {'taken'}
  end
end
local lost = spelling == '' and (signed or proof ~= '') -- if there was one
local refs = lost and '0' or string.format('%.0f', since)
if ARGV[13] ~= '1' then
  redis.call('DEL', key)
  redis.call('HSET', key, 'spelling', name, 'token', fresh, 'since', string.format('%.0f', since), 'signed', ARGV[5])
  if lost then redis.call('HSET', key, 'refs', refs) end
end
return {lost and not signed and 'kept' or 'fresh', use(since, keeps), refs}
