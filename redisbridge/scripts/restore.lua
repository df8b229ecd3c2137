-- Puts back into a log what it lacks, without telling anybody: ids and bytes are
-- those it had, so several nodes doing it is harmless.
--
-- KEYS[1]  sorted set: the log
-- KEYS[2]  sorted set: its refs
-- KEYS[3]  string: the newest id that was trimmed from the log
-- ARGV[1]  how many messages the log keeps
-- ARGV[2]  seconds until an unused log ends, 0: never
-- ARGV[3]  after: the asker can vouch for everything above this id; -1: for nothing
-- then for each message: id, ref, member
--
-- A message whose reference is there with another id was said again meanwhile, and stored:
-- it is not put back beside itself. (Nor is one of a name that changed hands within the ten
-- minutes that references count, and whose new holder used the same.)
--
-- Returns how many were put back.
local log, refs, trimmed = KEYS[1], KEYS[2], KEYS[3]
local restored = 0
local empty = redis.call('EXISTS', log) == 0

for i = 4, #ARGV, 3 do
  local id, ref = ARGV[i], ARGV[i + 1] -- '' where the reference is not known any more
  local said = ref ~= '' and tonumber(redis.call('ZSCORE', refs, ref) or '0') or 0
  local again = said ~= tonumber(id) and math.abs(said - tonumber(id)) < 600000000
  if not again and redis.call('ZCOUNT', log, id, id) == 0 then
    redis.call('ZADD', log, id, ARGV[i + 2])
    if ref ~= '' then redis.call('ZADD', refs, id, ref) end
    restored = restored + 1
  end
end
if restored > 0 then
  -- What is older than the oldest vouched for is lost, if there ever was any: the
  -- log says so to those who resume from before it.
  local after = tonumber(ARGV[3])
  local known = redis.call('GET', trimmed)
  if (empty and after > 0) or (known and after >= 0 and after < tonumber(known)) then
    redis.call('SET', trimmed, string.format('%.0f', after))
  end
  local keep = tonumber(ARGV[1])
  local count = redis.call('ZCARD', log)
  if count > keep then
    local cut = redis.call('ZRANGE', log, count - keep - 1, count - keep - 1, 'WITHSCORES')
    redis.call('ZREMRANGEBYRANK', log, 0, count - keep - 1)
    redis.call('SET', trimmed, string.format('%.0f', tonumber(cut[2])))
  end
  redis.call('EXPIRE', refs, 660)
  if ARGV[2] ~= '0' then
    redis.call('EXPIRE', log, ARGV[2])
    redis.call('EXPIRE', trimmed, ARGV[2])
  end
end
return restored
