-- Puts back into a log what it lacks: ids and bytes are those it had, so several nodes
-- doing it is harmless. Nobody is told the messages; but who has read the log meanwhile is
-- told, over its channel, that it was not whole: '<' and the newest id that was put back.
--
-- KEYS[1]  sorted set: the log
-- KEYS[2]  sorted set: its refs
-- KEYS[3]  string: the newest id that was trimmed from the log
-- KEYS[4]  sorted set: ids that are missing, score = id
-- ARGV[1]  how many messages the log keeps
-- ARGV[2]  seconds until an unused log ends, 0: never
-- ARGV[3]  after: the id that was before the first message, 0 if there was none; each
--          other came right after the one before it. -1: nobody asks what is missing
-- then for each message: id, ref, member ('' for one that the log had trimmed)
--
-- A message whose reference has another id was said again meanwhile, and stored: it is not
-- put back beside itself. The newer one counts, for that is the one that was acked last, and
-- takes the place of an older one. (Likewise of a name that changed hands within the ten
-- minutes that references count, and whose new holder used the same.)
--
-- What the log no longer keeps is not put back, but its reference is: it may yet be said again.
--
-- Returns how many were put back.
local log, refs, trimmed, missing = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local restored, newest = 0, nil
local gone = tonumber(redis.call('GET', trimmed) or '0') -- what is older is not kept

local function has(id) return redis.call('ZCOUNT', log, id, id) > 0 end

for i = 4, #ARGV, 3 do
  local id, ref = ARGV[i], ARGV[i + 1] -- '' where the reference is not known any more
  local said = ref ~= '' and tonumber(redis.call('ZSCORE', refs, ref) or '0') or 0
  local again = said > tonumber(id) and said - tonumber(id) < 600000000
  local kept = ARGV[i + 2] ~= '' and tonumber(id) > gone
  if not again and kept and not has(id) then
    if said > 0 and tonumber(id) - said < 600000000 then
      local older = string.format('%.0f', said)
      redis.call('ZREMRANGEBYSCORE', log, older, older)
    end
    redis.call('ZADD', log, id, ARGV[i + 2])
    restored = restored + 1
    newest = id
  end
  if ref ~= '' and said < tonumber(id) then redis.call('ZADD', refs, id, ref) end
  if kept then redis.call('ZREM', missing, id) end
end

-- What was before the first message and is not there is lost, unless somebody else still
-- puts it back: the log says so to those who resume from before it.
local after = ARGV[3]
if tonumber(after) > gone and not has(after) then redis.call('ZADD', missing, after, after) end

if restored > 0 then
  local keep = tonumber(ARGV[1])
  local count = redis.call('ZCARD', log)
  if count > keep then
    local cut = redis.call('ZRANGE', log, count - keep - 1, count - keep - 1, 'WITHSCORES')
    redis.call('ZREMRANGEBYRANK', log, 0, count - keep - 1)
    gone = string.format('%.0f', tonumber(cut[2]))
    redis.call('SET', trimmed, gone)
    redis.call('ZREMRANGEBYSCORE', missing, '-inf', gone)
  end
  redis.call('PUBLISH', log, '<' .. newest)
end
redis.call('EXPIRE', refs, 660)
if ARGV[2] ~= '0' then
  for _, key in ipairs({log, trimmed, missing}) do redis.call('EXPIRE', key, ARGV[2]) end
end
return restored
