import { Script } from '../script.js';
import { CLOCK } from './clock.lua.js';
import { CONTROL } from './control.lua.js';
import { LEASES } from './leases.lua.js';
import { LOG_NAME } from './log-name.lua.js';
import { NEWS } from './news.lua.js';
import { RATE_WINDOWS } from './rate-windows.lua.js';
import { REVOCATIONS } from './revocations.lua.js';
import { SCORES } from './scores.lua.js';

/**
 * What the store asks of Redis: one script for each method, and each script is one atomic step. Its keys come in the order in which
 * it takes them, the clock first; what else it is told is JSON in `ARGV[1]`.
 */
export const SCRIPTS = Object.freeze({
  /** Keys: the windows. */
  hit: new Script(
    CLOCK,
    RATE_WINDOWS,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
local rates = read_rates(next_key(), asked.rules)
local wait = rate_wait(rates, asked.cost)
if wait == 0 then rate_take(rates, asked.cost) end
write_rates(rates)
return wait
`,
  ),

  /** Keys: the windows of the rate, the score, the windows of the allowance, the log of revocations, each place; those that are asked for. */
  admit: new Script(
    CLOCK,
    RATE_WINDOWS,
    SCORES,
    LEASES,
    LOG_NAME,
    REVOCATIONS,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
local rate_wait_ms, in_backoff_ms = 0, 0
local rates, allowance

local function answer(granted, revoking, held, replaced)
  if rates then write_rates(rates) end
  if allowance then write_rates(allowance) end
  return { granted and 1 or 0, rate_wait_ms, in_backoff_ms, revoking, held, replaced }
end

if asked.rate then
  rates = read_rates(next_key(), asked.rate.rules)
  rate_wait_ms = rate_wait(rates, 1)
  if rate_wait_ms > 0 and not asked.rate.reported then return answer(false, {}, {}, {}) end
end

if asked.backoff then
  in_backoff_ms = backoff_ms(next_key(), asked.backoff.rule)
  if asked.backoff.allowance then
    local key = next_key()
    if in_backoff_ms > 0 then
      allowance = read_rates(key, asked.backoff.allowance)
      if rate_wait(allowance, 1) == 0 then in_backoff_ms = 0 end
    end
  end
  if in_backoff_ms > 0 and not asked.backoff.reported then return answer(false, {}, {}, {}) end
end

if asked.identity then
  local found = revoking(next_log(), asked.identity.keys, asked.identity.at, asked.identity.ignored)
  if #found > 0 then return answer(false, found, {}, {}) end
end

local granted, held, replaced = true, {}, {}
if asked.lease then
  local places = {}
  for i = 1, #asked.lease.limits do places[i] = next_place() end
  granted, held, replaced = acquire(asked.lease, places)
end
if granted then
  if rates and rate_wait_ms == 0 then rate_take(rates, 1) end
  -- One that only reports is let in without an allowance.
  if allowance and in_backoff_ms == 0 then rate_take(allowance, 1) end
end
return answer(granted, {}, held, replaced)
`,
  ),

  /** Keys: each place of each lease. */
  renew: new Script(
    CLOCK,
    LEASES,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
local states = {}
for i, lease in ipairs(asked.leases) do
  local places = {}
  for j = 1, lease.places do places[j] = next_place() end
  states[i] = renew(lease.holder, places, asked.ttl)
end
return states
`,
  ),

  /** Keys: each place. */
  release: new Script(
    CLOCK,
    LEASES,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
for _ = 1, asked.places do release(next_place(), asked.holder) end
return 1
`,
  ),

  /** Keys: the score. */
  charge: new Script(
    CLOCK,
    SCORES,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
return text(charge(next_key(), asked.rule, asked.weight))
`,
  ),

  /** Keys: the value. */
  put: new Script(
    CLOCK,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
local key = next_key()
local kept = redis.call('HGET', key, 'due')
if kept and tonumber(kept) > now then return 0 end
redis.call('HSET', key, 'due', string.format('%.0f', now + math.ceil(asked.ttl)), 'value', asked.value)
redis.call('PEXPIRE', key, px(asked.ttl))
return 1
`,
  ),

  /** Keys: the value. */
  take: new Script(
    CLOCK,
    /* lua */ `
local key = next_key()
local kept = redis.call('HMGET', key, 'due', 'value')
redis.call('DEL', key)
if not kept[1] or tonumber(kept[1]) <= now then return false end
return kept[2]
`,
  ),

  /** Keys: the log. Writes all or, where something else stands than the node expects, nothing. */
  revoke: new Script(
    CLOCK,
    LOG_NAME,
    REVOCATIONS,
    NEWS,
    /* lua */ `
local log = next_log()
local asked = cjson.decode(ARGV[1])
sweep(log)
local found = in_the_way(log, asked.entries)
if #found == 0 then
  for _, entry in ipairs(asked.entries) do write(log, entry) end
  publish(asked.news, 'revocations')
end
return found
`,
  ),

  /** Keys: the log. */
  revocations: new Script(
    CLOCK,
    LOG_NAME,
    REVOCATIONS,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
local log = next_log()
sweep(log)
return read_log(log, asked.name, asked.after, asked.most, asked.fresh)
`,
  ),

  /** Keys: the stream of messages, and how far it goes. */
  say: new Script(
    CLOCK,
    CONTROL,
    NEWS,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
say(next_key(), next_key(), asked.message, asked.fresh)
publish(asked.news, 'control')
return 1
`,
  ),

  /** Keys: the stream of messages, and how far it goes. */
  hear: new Script(
    CLOCK,
    LOG_NAME,
    CONTROL,
    NEWS,
    /* lua */ `
local asked = cjson.decode(ARGV[1])
if asked.probe then publish(asked.probe.channel, asked.probe.message) end
return hear(next_key(), next_key(), asked)
`,
  ),

  /** Keys: the nodes. */
  beat: new Script(
    CLOCK,
    /* lua */ `
local MOST_NODES = 1000
local asked = cjson.decode(ARGV[1])
local nodes = next_key()
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', now)
if asked.ttl > 0 then
  redis.call('ZADD', nodes, string.format('%.0f', now + asked.ttl), asked.node)
else
  redis.call('ZREM', nodes, asked.node)
end
return redis.call('ZREVRANGE', nodes, 0, MOST_NODES - 1)
`,
  ),
});
