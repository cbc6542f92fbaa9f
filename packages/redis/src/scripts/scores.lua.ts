/** Scores that fall with time: `{ score at the last charge, when that was }`. */
export const SCORES = /* lua */ `
local function read_score(key)
  local kept = redis.call('GET', key)
  if not kept then return 0, now end
  local score = cmsgpack.unpack(kept)
  return score[1], score[2]
end

local function charge(key, rule, weight)
  local charged, at = read_score(key)
  local score = math.max(0, charged - rule.decay * (now - at) / 1000)
  score = math.min(rule.max, score + weight)
  if score > 0 then
    redis.call('SET', key, cmsgpack.pack({ score, now }), 'PX', px(score / rule.decay * 1000))
  else
    redis.call('DEL', key)
  end
  return score
end

-- As remainingBackoffMs of the memory store.
local function backoff_ms(key, rule)
  local charged, at = read_score(key)
  local over = math.ceil(charged) - rule.free
  if over <= 0 then return 0 end
  local delay = math.min(rule.longest, rule.first * 2 ^ (over - 1))
  return math.max(0, math.ceil(delay - (now - at)))
end
`;
