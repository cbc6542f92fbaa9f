/**
 * Sliding windows, counted in slices of a twentieth of the window. A slice counts until its last unit is as old as the
 * window: never more than the limit in any window, and at most a twentieth longer to wait.
 *
 * One list of rules and one key are one string: for each rule `{ blocked until, first, last, units, first, last, units, ... }`.
 */
export const RATE_WINDOWS = /* lua */ `
local function read_rates(key, rules)
  local kept = redis.call('GET', key)
  local windows = kept and cmsgpack.unpack(kept) or {}
  for i, rule in ipairs(rules) do
    local window = windows[i] or { 0 }
    local live = { window[1] }
    for at = 2, #window, 3 do
      if window[at + 1] > now - rule.ttl then
        live[#live + 1] = window[at]
        live[#live + 1] = window[at + 1]
        live[#live + 1] = window[at + 2]
      end
    end
    windows[i] = live
  end
  return { key = key, rules = rules, windows = windows, is_changed = false }
end

local function wait_of(rates, i, cost)
  local rule, window = rates.rules[i], rates.windows[i]
  if now < window[1] then return window[1] - now end
  local used = 0
  for at = 4, #window, 3 do used = used + window[at] end
  local excess = used + cost - rule.limit
  if excess <= 0 then return 0 end
  local wait = rule.ttl
  if excess <= used then
    local freed = 0
    for at = 2, #window, 3 do
      freed = freed + window[at + 2]
      if freed >= excess then
        wait = math.max(1, window[at + 1] + rule.ttl - now)
        break
      end
    end
  end
  if rule.block == 0 then return wait end
  window[1] = now + rule.block
  rates.is_changed = true
  return rule.block
end

-- Asks every rule: each that has no room blocks.
local function rate_wait(rates, cost)
  local longest = 0
  for i = 1, #rates.rules do longest = math.max(longest, wait_of(rates, i, cost)) end
  return math.ceil(longest)
end

local function rate_take(rates, cost)
  for i, rule in ipairs(rates.rules) do
    local window = rates.windows[i]
    local size = #window
    if size > 1 and now - window[size - 2] < rule.ttl / 20 then
      window[size - 1] = now
      window[size] = window[size] + cost
    else
      window[size + 1] = now
      window[size + 2] = now
      window[size + 3] = cost
    end
  end
  rates.is_changed = true
end

local function write_rates(rates)
  if not rates.is_changed then return end
  local left = 0
  for i, rule in ipairs(rates.rules) do
    local window = rates.windows[i]
    left = math.max(left, window[1] - now)
    if #window > 1 then left = math.max(left, window[#window - 1] + rule.ttl - now) end
  end
  redis.call('SET', rates.key, cmsgpack.pack(rates.windows), 'PX', px(left))
end
`;
