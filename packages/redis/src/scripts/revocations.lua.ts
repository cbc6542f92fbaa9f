/**
 * Revocations: `data` (by key: `issuedBefore due`), `log` (keys by the position at which they came), `dues` (keys by when
 * they are over) and `meta` (the name and the last position of the log).
 *
 * A key stands in the log once, at its newest entry: the log is as long as there are revocations that hold.
 */
export const REVOCATIONS = /* lua */ `
local SWEPT_AT_ONCE = 100

local function next_log()
  return { data = next_key(), log = next_key(), dues = next_key(), meta = next_key() }
end

local function read_revocation(log, key)
  local kept = redis.call('HGET', log.data, key)
  if not kept then return nil end
  local issued_before, due = string.match(kept, '^(%d+) (%d+)$')
  issued_before, due = tonumber(issued_before), tonumber(due)
  if due <= now then return nil end
  return { issued_before = issued_before, due = due }
end

local function sweep(log)
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', log.dues, '-inf', now, 'LIMIT', 0, SWEPT_AT_ONCE)) do
    redis.call('ZREM', log.dues, key)
    redis.call('ZREM', log.log, key)
    redis.call('HDEL', log.data, key)
  end
end

local function revoke(log, entry)
  local known = read_revocation(log, entry.key)
  local due = now + math.ceil(entry.ttl)
  -- One that was taken back prolongs nothing.
  if known and known.issued_before ~= 0 then due = math.max(due, known.due) end
  local later = entry.before
  if later ~= 0 and known then later = math.max(later, known.issued_before) end
  -- A second that a copy has been on its way is no longer life.
  if known and known.issued_before == later and math.abs(due - known.due) < 1000 then return end
  local position = redis.call('HINCRBY', log.meta, 'last', 1)
  redis.call('HSET', log.data, entry.key, string.format('%.0f %.0f', later, due))
  redis.call('ZADD', log.log, position, entry.key)
  redis.call('ZADD', log.dues, string.format('%.0f', due), entry.key)
end

local function is_revoked(log, keys, issued_at)
  for _, key in ipairs(keys) do
    local known = read_revocation(log, key)
    -- Negated: what is not a number fails the comparison, so it is revoked.
    if known and not (issued_at >= known.issued_before) then return true end
  end
  return false
end

-- Another server that took over may lack what the last one had not passed on: its log has another name.
local function log_name(log, fresh)
  redis.call('HSETNX', log.meta, 'name', fresh)
  local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
  return redis.call('HGET', log.meta, 'name') .. '-' .. replication
end

local function read_log(log, asked, after, most, fresh)
  local name = log_name(log, fresh)
  local is_continued = asked == name
  local position = is_continued and tonumber(after) or 0
  local entries = {}
  while true do
    local found = redis.call('ZRANGEBYSCORE', log.log, '(' .. position, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
    for i = 1, #found, 2 do
      position = tonumber(found[i + 1])
      local known = read_revocation(log, found[i])
      if known then
        entries[#entries + 1] = { found[i], text(known.issued_before), text(known.due - now) }
        if #entries == most then return { entries, name, text(position), 0, is_continued and 1 or 0 } end
      end
    end
    if #found < 2 * most then break end
  end
  position = redis.call('HGET', log.meta, 'last') or '0'
  return { entries, name, position, 1, is_continued and 1 or 0 }
end
`;
