/**
 * The messages of the nodes: a stream whose ids count up by one, so that a message which is gone (trimmed, deleted, lost with a
 * server) leaves a gap that a reader sees.
 */
export const CONTROL = /* lua */ `
-- Nodes that are away for longer miss what they were asked: it is of no use any more.
local KEPT = 5000

-- Longer than any that a node writes.
local LONGEST_MESSAGE = 200000

local function number(value)
  return string.format('%.0f', value)
end

local function say(stream, meta, message, fresh)
  local id = number(redis.call('HINCRBY', meta, 'last', 1)) .. '-0'
  local added = redis.pcall('XADD', stream, 'MAXLEN', '~', KEPT, id, 'm', message)
  if type(added) ~= 'table' or not added.err then return end
  -- What stands there no node has put there: it begins again, and readers see that.
  redis.call('DEL', stream)
  redis.call('HSET', meta, 'name', fresh)
  redis.call('XADD', stream, id, 'm', message)
end

local function hear(stream, meta, asked)
  local name = log_name(meta, asked.fresh)
  local last = redis.call('HGET', meta, 'last') or '0'
  if asked.name ~= name then return { {}, name, last, 1, 0 } end
  local reached = tonumber(asked.after)
  local messages = {}
  for i, entry in ipairs(redis.call('XRANGE', stream, '(' .. asked.after .. '-0', '+', 'COUNT', asked.most)) do
    if entry[1] ~= number(reached + 1) .. '-0' then return { {}, name, last, 1, 0 } end
    reached = reached + 1
    local message = entry[2][2]
    messages[i] = #message <= LONGEST_MESSAGE and message or ''
  end
  local is_last = #messages < asked.most
  if is_last and number(reached) ~= last then return { {}, name, last, 1, 0 } end
  return { messages, name, number(reached), is_last and 1 or 0, 1 }
end
`;
