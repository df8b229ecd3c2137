-- What the scripts about who is present share: it stands before each of them.

-- isHeld says whether a name is present on one of some nodes, whose sets' names begin with prefix.
local function isHeld(name, prefix, nodes)
  for _, node in ipairs(nodes) do
    if redis.call('SISMEMBER', prefix .. node, name) == 1 then return true end
  end
  return false
end

-- change takes which names have come to a node's own, mine, and which have gone: ARGV[first] says how many have
-- come; they follow, then the others. With whole, the names that have come are all of the node's. Gives whose first
-- connection anywhere came, whose last one went, and which of these only whole has gone.
local function change(members, mine, prefix, others, whole, first)
  local joined, left, unsaid, stay = {}, {}, {}, {}
  local function leave(name)
    if redis.call('SREM', mine, name) == 1 and not isHeld(name, prefix, others) and redis.call('SREM', members, name) == 1 then
      table.insert(left, name)
      return true
    end
    return false
  end
  local last = first + tonumber(ARGV[first])
  for i = first + 1, last do
    local name = ARGV[i]
    stay[name] = true
    redis.call('SADD', mine, name)
    if redis.call('SADD', members, name) == 1 then table.insert(joined, name) end
  end
  if whole then
    for _, name in ipairs(redis.call('SMEMBERS', mine)) do
      if not stay[name] and leave(name) then table.insert(unsaid, name) end
    end
  end
  for i = last + 1, #ARGV do leave(ARGV[i]) end
  return joined, left, unsaid
end

-- tell tells a channel, if there is something to tell, in one event: its number, after a mark, and a line for each name.
local function tell(channel, seq, mark, joined, left)
  if #joined + #left == 0 then return end
  local event = {mark .. redis.call('INCR', seq)}
  for _, name in ipairs(joined) do table.insert(event, '+' .. name) end
  for _, name in ipairs(left) do table.insert(event, '-' .. name) end
  redis.call('PUBLISH', channel, table.concat(event, '\n'))
end

-- tellRoom tells a room, likewise. Its number is kept for some seconds when nobody is present any more.
local function tellRoom(channel, members, seq, seconds, joined, left)
  if #joined + #left == 0 then return end
  tell(channel, seq, '@', joined, left)
  if redis.call('EXISTS', members) == 1 then
    redis.call('PERSIST', seq)
  else
    redis.call('EXPIRE', seq, seconds)
  end
end
