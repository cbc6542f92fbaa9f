/**
 * The places of one key: `held` (holders by when their lease lapses), `order` (the same by age), `gone` (replaced holders by
 * when that is forgotten) and `by` (who replaced each). The node tells them apart from the name of the key.
 */
export const LEASES = /* lua */ `
-- More than one principal can bring in within a lease.
local MAX_GONE = 1000

-- The keys of one place, with what has lapsed gone.
local function next_place()
  local place = { held = next_key(), order = next_key(), gone = next_key(), by = next_key() }
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', place.held, '-inf', now)) do
    redis.call('ZREM', place.held, holder)
    redis.call('ZREM', place.order, holder)
  end
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', place.gone, '-inf', now)) do
    redis.call('ZREM', place.gone, holder)
    redis.call('HDEL', place.by, holder)
  end
  return place
end

local function expire_with(sorted, other)
  local last = redis.call('ZREVRANGE', sorted, 0, 0, 'WITHSCORES')
  if #last == 0 then return end
  redis.call('PEXPIRE', sorted, px(last[2] - now))
  redis.call('PEXPIRE', other, px(last[2] - now))
end

local function forget_gone(place, holder)
  if redis.call('ZREM', place.gone, holder) == 1 then redis.call('HDEL', place.by, holder) end
end

local function hold(place, holder, ttl)
  forget_gone(place, holder)
  redis.call('ZADD', place.held, now + ttl, holder)
  if not redis.call('ZSCORE', place.order, holder) then
    local newest = redis.call('ZREVRANGE', place.order, 0, 0, 'WITHSCORES')
    redis.call('ZADD', place.order, (newest[2] or 0) + 1, holder)
  end
  expire_with(place.held, place.order)
end

local function replace(place, holder, successor, ttl)
  if redis.call('ZREM', place.held, holder) == 0 then return end
  redis.call('ZREM', place.order, holder)
  redis.call('ZADD', place.gone, now + ttl, holder)
  redis.call('HSET', place.by, holder, successor)
  local excess = redis.call('ZCARD', place.gone) - MAX_GONE
  if excess > 0 then
    for _, oldest in ipairs(redis.call('ZRANGE', place.gone, 0, excess - 1)) do forget_gone(place, oldest) end
  end
  expire_with(place.gone, place.by)
end

-- Notes who must go for one more holder of a place. Says whether there is room then.
local function make_room(place, demand, limit, going)
  if redis.call('ZSCORE', place.held, demand.holder) then return true end
  local held = redis.call('ZCARD', place.held)
  if held < limit then return true end
  local staying = 0
  local holders = redis.call('ZRANGE', place.order, 0, -1)
  for _, holder in ipairs(holders) do
    if not going[holder] then staying = staying + 1 end
  end
  local excess = staying + 1 - limit
  if excess <= 0 then return true end
  if not demand.replaces or limit < 1 then return false end
  for _, holder in ipairs(holders) do
    if excess <= 0 then break end
    if not going[holder] then
      going[holder] = true
      going[#going + 1] = holder
      excess = excess - 1
    end
  end
  return true
end

local function count(places)
  local held = {}
  for i, place in ipairs(places) do held[i] = redis.call('ZCARD', place.held) end
  return held
end

-- Takes every place or none.
local function acquire(demand, places)
  local going = {}
  for i, place in ipairs(places) do
    if not make_room(place, demand, demand.limits[i], going) then return false, count(places), {} end
  end
  for _, place in ipairs(places) do
    for _, holder in ipairs(going) do replace(place, holder, demand.holder, demand.ttl) end
    hold(place, demand.holder, demand.ttl)
  end
  return true, count(places), { unpack(going) }
end

local function renew(holder, places, ttl)
  for _, place in ipairs(places) do
    if redis.call('ZSCORE', place.gone, holder) then return 'replaced' end
  end
  local held = 0
  for _, place in ipairs(places) do
    if redis.call('ZSCORE', place.held, holder) then
      hold(place, holder, ttl)
      held = held + 1
    end
  end
  return held == #places and 'held' or 'unknown'
end

local function release(place, holder)
  local own = redis.call('HGET', place.by, holder)
  redis.call('ZREM', place.held, holder)
  redis.call('ZREM', place.order, holder)
  forget_gone(place, holder)
  local by = redis.call('HGETALL', place.by)
  for i = 1, #by, 2 do
    if by[i + 1] == holder then
      -- The place is not free, its next holder has it: otherwise a chain of replacements would let its first link live.
      if own then redis.call('HSET', place.by, by[i], own) else forget_gone(place, by[i]) end
    end
  end
end
`;
