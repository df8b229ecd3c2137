-- Appends messages to a log, each once, and tells the log's channel.
--
-- KEYS[1]  sorted set: the log; its name is also the channel's
-- KEYS[2]  sorted set: refs of the last 10 minutes, score = id
-- KEYS[3]  string: the newest id that was trimmed from the log
-- KEYS[4]  string: marks a log that waits: it began before anybody had claimed the
--          name that it is for. Only where nobody has now: what waits is little, and
--          not for long, for strangers could make as many such logs as there are names
-- ARGV[1]  how many messages the log keeps
-- ARGV[2]  how many more it may hold before it is trimmed
-- ARGV[3]  seen: the newest id the asker has seen in the log
-- ARGV[4]  floor: ids are above it
-- ARGV[5]  seconds until an unused log ends, 0: never
-- ARGV[6]  '1': publish an event
-- ARGV[7]  head: members are head .. id .. body .. time .. '}', the time being the
--          id's in whole seconds; '' for those that are body .. id .. '}'
-- ARGV[8]  the end of the asker's lease, µs: afterwards others may have taken the
--          names that speak; 0: what is asked was begun while it had one
-- then for each message: ref, since (a repeat is one whose id is above it), body
--
-- Returns {'behind', newest} if the log's newest id is below seen, or {'lapsed'} if
-- the lease has ended, and has done nothing then; else {prev, ids, index, before,
-- member, index, before, member, …}: prev is the newest id before, ids are all the
-- messages' with spaces between, and the triples are those that were stored before: the
-- message's place from 1 on, the id before it, and what the log holds ('' if it no
-- longer does).
--
-- What a batch has in common is done in one call: that is most of what it costs.
local log, refs, trimmed = KEYS[1], KEYS[2], KEYS[3]
local format, floor = string.format, math.floor
local waitingKeep, waitingLife = 20, 86400 -- messages, seconds

-- Twice as fast as '%.0f', and the same below 2^63.
local function number(id) return format('%d', id) end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if ARGV[8] ~= '0' and now > tonumber(ARGV[8]) then return {'lapsed'} end

local newest = redis.call('ZREVRANGE', log, 0, 0, 'WITHSCORES')
local last = tonumber(newest[2] or '0')
if last < tonumber(ARGV[3]) then return {'behind', number(last)} end
if last == 0 then last = tonumber(redis.call('GET', trimmed) or '0') end

local start = math.max(now, tonumber(ARGV[4]) + 1) -- the least that a new id may be
local head = ARGV[7]
local count = (#ARGV - 8) / 3
local prev = last

local names = {}
for i = 1, count do names[i] = ARGV[6 + 3 * i] end
local known = redis.call('ZMSCORE', refs, unpack(names))

local ids, repeats, batch = {}, {}, {}
local members, scores, event = {}, {}, {number(prev)}
local added = 0
local turn, stamp = 0, '' -- stamp holds below turn, the next whole second
local told, since = '', 0
for i = 1, count do
  local ref = names[i]
  if ARGV[7 + 3 * i] ~= told then -- most are the same
    told = ARGV[7 + 3 * i]
    since = tonumber(told)
  end
  local before = batch[ref] or (known[i] and tonumber(known[i]))
  if before and before > since and before > now - 600000000 then
    local id = number(before)
    ids[i] = id
    table.insert(repeats, i)
    table.insert(repeats, id)
  else
    last = last < start and start or last + 1
    local id = format('%d', last)
    local body, member = ARGV[8 + 3 * i], nil
    if head == '' then
      member = body .. id .. '}'
    else
      if last >= turn then
        turn = floor(last / 1000000) + 1
        stamp = number(turn - 1) .. '}'
        turn = turn * 1000000
      end
      member = head .. id .. body .. stamp
    end
    ids[i] = id
    batch[ref] = last
    members[2 * added + 1], members[2 * added + 2] = id, member
    scores[2 * added + 1], scores[2 * added + 2] = id, ref
    event[3 * added + 2], event[3 * added + 3], event[3 * added + 4] = id, ref, member
    added = added + 1
  end
end

if added > 0 then
  redis.call('ZADD', log, unpack(members))
  redis.call('ZADD', refs, unpack(scores))
  local keep, slack, life = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
  local waits = KEYS[4] and (#newest == 0 or redis.call('EXISTS', KEYS[4]) == 1)
  if waits then
    keep, slack, life = waitingKeep, 0, waitingLife
    redis.call('SET', KEYS[4], '1', 'EX', life)
  end
  local size = redis.call('ZCARD', log)
  if size > keep + slack then
    local cut = redis.call('ZRANGE', log, size - keep - 1, size - keep - 1, 'WITHSCORES')
    redis.call('ZREMRANGEBYRANK', log, 0, size - keep - 1)
    redis.call('SET', trimmed, number(tonumber(cut[2])))
    if life > 0 then redis.call('EXPIRE', trimmed, life) end
  end
  -- Old refs go ten times a second, so that no call has many to remove; what lives
  -- longer than ten minutes is looked at above.
  if floor(prev / 100000) ~= floor(last / 100000) then
    redis.call('ZREMRANGEBYSCORE', refs, '-inf', number(now - 600000000))
  end
  if floor(prev / 60000000) ~= floor(last / 60000000) then redis.call('EXPIRE', refs, 720) end
  if life > 0 and (waits or redis.call('TTL', log) < life - 86400) then redis.call('EXPIRE', log, life) end
  if ARGV[6] == '1' then redis.call('PUBLISH', log, table.concat(event, '\n')) end
end

local result = {number(prev), table.concat(ids, ' ')}
for i = 1, #repeats, 2 do
  local id = repeats[i + 1]
  local before = redis.call('ZREVRANGEBYSCORE', log, '(' .. id, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  table.insert(result, repeats[i])
  table.insert(result, number(tonumber(before or redis.call('GET', trimmed) or '0')))
  table.insert(result, redis.call('ZRANGEBYSCORE', log, id, id)[1] or '')
end
return result
