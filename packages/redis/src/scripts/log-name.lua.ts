/** The name of a log or a stream, in which positions mean something. `meta` is a hash with the `name` and the `last` position. */
export const LOG_NAME = /* lua */ `
-- Another server that took over may lack what the last one had not passed on: what lies there has another name.
local function log_name(meta, fresh)
  redis.call('HSETNX', meta, 'name', fresh)
  local replication = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
  return redis.call('HGET', meta, 'name') .. '-' .. replication
end
`;
