/** Says to whoever listens that there is something to read. */
export const NEWS = /* lua */ `
-- Nobody may be allowed to publish: what was written stands there all the same, and is found by reading.
local function publish(channel, message)
  redis.pcall('PUBLISH', channel, message)
end
`;
