/**
 * The time of the store, in whole milliseconds. Every node measures by this one clock (design, section 9).
 *
 * It never steps back: an operator who sets the clock of the server back, or a failover to a server that is behind, would otherwise
 * prolong every lease and every block by as much. `KEYS[1]` holds `last:offset`; the offset goes as soon as the
 * server's own clock has caught up.
 */
export const CLOCK = /* lua */ `
local key_at = 0
local function next_key()
  key_at = key_at + 1
  return KEYS[key_at]
end

-- What is written goes to every replica: not at each call, but this often, in milliseconds.
local KEPT_EVERY = 100

local function clock()
  local key = next_key()
  local time = redis.call('TIME')
  local wall = time[1] * 1000 + math.floor(time[2] / 1000)
  local kept = redis.call('GET', key)
  local last, offset = 0, 0
  if kept then
    local a, b = string.match(kept, '^(%d+):(%d+)$')
    last, offset = tonumber(a), tonumber(b)
  end
  local before = offset
  if wall >= last then
    offset = 0
  elseif wall + offset < last then
    -- Whoever asked since it was kept has seen a later moment, by so much at most.
    offset = last + KEPT_EVERY - wall
  end
  local now = wall + offset
  if offset ~= before or now - last >= KEPT_EVERY then
    redis.call('SET', key, string.format('%.0f:%.0f', now, offset))
  end
  return now
end

-- A number that 14 digits do not hold, for the caller.
local function text(number)
  return string.format('%.17g', number)
end

-- PX of nothing or of a fraction is an error; what nothing decays is forgotten after 400 days.
local function px(ms)
  return string.format('%.0f', math.max(1, math.min(math.ceil(ms), 34560000000)))
end

local now = clock()
`;
