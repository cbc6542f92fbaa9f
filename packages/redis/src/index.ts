export { secureWsRedis } from './secure-ws-redis.js';
export type { SecureWsRedisOptions, SecureWsRedisPlace } from './secure-ws-redis.js';
export { RedisStore } from './redis.store.js';
export type { RedisClient, ScriptArguments } from './redis-client.js';
export { SecureWsRedisModule } from './secure-ws-redis.module.js';
export type { SecureWsRedisAsyncOptions } from './secure-ws-redis.module.js';
