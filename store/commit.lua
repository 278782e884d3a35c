-- commit: if all guards hold, all writes happen; otherwise none. One slot.
--
-- KEYS[1]   op key. It is set by the commit and remembered for a while, so that
--           the same commit sent again (its reply was lost) writes nothing twice.
-- KEYS[2]   the family's epoch: the highest under which anybody has committed
--           here. A lower one is refused: who holds it began before the data was
--           restored or migrated.
-- KEYS[3…]  rows, indexes and streams; ARGV names them by their position.
--
-- ARGV[1]   how long the op key is remembered, milliseconds
-- ARGV[2]   the commit must happen before this moment, microseconds since 1970,
--           by this server's clock; "0" asks nothing
-- ARGV[3]   the committer's epoch
-- ARGV[4]   number of guards; then each guard as two values:
--             position, revision    the row has this revision; "0": there is no row
-- then      the writes, one after the other, each begun by its letter:
--             R position life n f v …        the row becomes these n fields and values
--             D position                     the row is dropped
--             A position life member         member joins a plain index (a set)
--             S position life score member   member gets a score in an ordered index
--             X position member              member leaves a plain index
--             Z position member              member leaves an ordered index
--             E position n f v …             an entry is appended to a stream
--           life: milliseconds until the row is forgotten, "0" keeps it. An
--           index lives as long as its longest-lived member.
--
-- Returns {code, now}; now is the server's time in microseconds, as a string:
--    1  committed
--    2  committed before under the same op key
--    0  a guard does not hold: somebody else was faster, read again
--   -1  too late by ARGV[2]
--   -2  the epoch is over
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stamp = string.format('%.0f', now)

if redis.call('GET', KEYS[1]) == '1' then
  return {2, stamp}
end
local epoch, mine = tonumber(redis.call('GET', KEYS[2]) or '1'), tonumber(ARGV[3])
if epoch > mine then
  return {-2, stamp}
end
if ARGV[2] ~= '0' and now >= tonumber(ARGV[2]) then
  return {-1, stamp}
end
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  local rev = redis.call('HGET', KEYS[tonumber(ARGV[at])], 'rev') or '0'
  if rev ~= ARGV[at + 1] then
    return {0, stamp}
  end
  at = at + 2
end

-- Begun: at maxmemory this is refused, and with it the whole commit. Once a
-- script has written anything, Redis lets it exceed that.
redis.call('SET', KEYS[1], '0', 'PX', ARGV[1])

-- join adds a member to an index by SADD or ZADD, and makes the index outlive it:
-- for ever if the member stays. stays has the indexes of which that is known: a
-- commit of many rows asks each of them once.
local stays = {}
local function join(key, life, add, ...)
  if stays[key] then
    return redis.call(add, key, ...)
  end
  local left = redis.call('PTTL', key) -- -2: there is no index yet; -1: it stays
  redis.call(add, key, ...)
  if life == 0 then
    if left > 0 then redis.call('PERSIST', key) end
    stays[key] = true
  elseif left == -2 or (left >= 0 and left < life) then
    redis.call('PEXPIRE', key, life)
  end
end

while at <= #ARGV do
  local op, key = ARGV[at], KEYS[tonumber(ARGV[at + 1])]
  if op == 'R' then
    local life, n = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    redis.call('DEL', key)
    redis.call('HSET', key, unpack(ARGV, at + 4, at + 3 + n))
    if life > 0 then redis.call('PEXPIRE', key, life) end
    at = at + 4 + n
  elseif op == 'D' then
    redis.call('DEL', key)
    at = at + 2
  elseif op == 'A' then
    join(key, tonumber(ARGV[at + 2]), 'SADD', ARGV[at + 3])
    at = at + 4
  elseif op == 'S' then
    join(key, tonumber(ARGV[at + 2]), 'ZADD', ARGV[at + 3], ARGV[at + 4])
    at = at + 5
  elseif op == 'X' then
    redis.call('SREM', key, ARGV[at + 2])
    stays[key] = nil -- it may have been the last
    at = at + 3
  elseif op == 'Z' then
    redis.call('ZREM', key, ARGV[at + 2])
    stays[key] = nil
    at = at + 3
  elseif op == 'E' then
    local n = tonumber(ARGV[at + 2])
    redis.call('XADD', key, '*', unpack(ARGV, at + 3, at + 2 + n))
    at = at + 3 + n
  else
    return redis.error_reply('ERR commit: no such write: ' .. tostring(op))
  end
end
if mine > epoch then redis.call('SET', KEYS[2], ARGV[3]) end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return {1, stamp}
