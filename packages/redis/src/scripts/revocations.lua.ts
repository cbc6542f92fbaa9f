/**
 * Revocations: `data` (by key: `issuedBefore due seal`), `log` (keys by the position at which they came), `dues` (keys by when
 * they are over) and `meta` (the name and the last position of the log).
 *
 * A key stands in the log once, at its newest entry: the log is as long as there are revocations that hold.
 *
 * A script cannot verify a seal, since whoever can read the scripts could then make one. What stands is handed to the node as
 * `{ key, entry, how long it lives }`, and the node asks again with the entries that are to be ignored.
 */
export const REVOCATIONS = /* lua */ `
local SWEPT_AT_ONCE = 100

-- Longer than any that a node writes.
local LONGEST_ENTRY = 300

local function next_log()
  return { data = next_key(), log = next_key(), dues = next_key(), meta = next_key() }
end

local function read_revocation(log, key)
  local kept = redis.call('HGET', log.data, key)
  if not kept or #kept > LONGEST_ENTRY then return nil end
  local issued_before, due = string.match(kept, '^(%d+) (%d+)')
  if not issued_before then return nil end
  issued_before, due = tonumber(issued_before), tonumber(due)
  if due <= now then return nil end
  return { entry = kept, issued_before = issued_before, due = due }
end

local function handed(key, known)
  return { key, known.entry, text(known.due - now) }
end

local function sweep(log)
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', log.dues, '-inf', now, 'LIMIT', 0, SWEPT_AT_ONCE)) do
    redis.call('ZREM', log.dues, key)
    redis.call('ZREM', log.log, key)
    redis.call('HDEL', log.data, key)
  end
end

-- What stands for the keys, and is not what the node expects there.
local function in_the_way(log, entries)
  local found = {}
  for _, entry in ipairs(entries) do
    local known = read_revocation(log, entry.key)
    if known and known.entry ~= entry.over then found[#found + 1] = handed(entry.key, known) end
  end
  return found
end

local function write(log, entry)
  local due = string.format('%.0f', now + math.ceil(entry.ttl))
  local position = redis.call('HINCRBY', log.meta, 'last', 1)
  redis.call('HSET', log.data, entry.key, string.format('%.0f %s %s', entry.before, due, entry.seal))
  redis.call('ZADD', log.log, position, entry.key)
  redis.call('ZADD', log.dues, due, entry.key)
end

-- What revokes an identity, but for the entries that are to be ignored.
local function revoking(log, keys, issued_at, ignored)
  local found = {}
  for _, key in ipairs(keys) do
    local known = read_revocation(log, key)
    -- Negated: what is not a number fails the comparison, so it is revoked.
    if known and ignored[key] ~= known.entry and not (issued_at >= known.issued_before) then
      found[#found + 1] = handed(key, known)
    end
  end
  return found
end

local function read_log(log, asked, after, most, fresh)
  local name = log_name(log.meta, fresh)
  local is_continued = asked == name
  local position = is_continued and tonumber(after) or 0
  local entries = {}
  while true do
    local found = redis.call('ZRANGEBYSCORE', log.log, '(' .. position, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
    for i = 1, #found, 2 do
      position = tonumber(found[i + 1])
      local known = read_revocation(log, found[i])
      if known then
        entries[#entries + 1] = handed(found[i], known)
        if #entries == most then return { entries, name, text(position), 0, is_continued and 1 or 0 } end
      end
    end
    if #found < 2 * most then break end
  end
  position = redis.call('HGET', log.meta, 'last') or '0'
  return { entries, name, position, 1, is_continued and 1 or 0 }
end
`;
