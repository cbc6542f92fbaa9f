import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  Optional,
  type Provider,
} from '@nestjs/common';
import { RedisStore } from './redis.store.js';
import { secureWsRedis, type SecureWsRedisOptions } from './secure-ws-redis.js';

/** What `SecureWsRedisModule.forRootAsync()` takes. */
export interface SecureWsRedisAsyncOptions {
  /** Modules whose exports the factory injects. */
  readonly imports?: DynamicModule['imports'];
  /** What `useFactory` is called with, such as the application's client. */
  readonly inject?: NonNullable<Extract<Provider, { inject?: unknown }>['inject']>;
  /** Makes the options from what `inject` names. */
  readonly useFactory: (...args: never[]) => SecureWsRedisOptions | Promise<SecureWsRedisOptions>;
}

/**
 * Provides the {@link RedisStore} of `secureWsRedis()`, made from what the application injects, and closes it when the application
 * has stopped. A client of the application's own stays open: who opened it closes it.
 *
 * @example
 * ```ts
 * imports: [
 *   SecureWsRedisModule.forRootAsync({
 *     inject: [REDIS],
 *     useFactory: (client: RedisClientType) => ({ client, clusterKey: process.env.CLUSTER_KEY }),
 *   }),
 *   SecureWsModule.forRootAsync({
 *     inject: [RedisStore],
 *     useFactory: (shared: RedisStore) => ({ ..., store: { shared } }),
 *   }),
 * ]
 * ```
 */
@Module({})
export class SecureWsRedisModule implements OnApplicationShutdown {
  /** @internal */
  constructor(@Optional() @Inject(RedisStore) private readonly store: RedisStore | undefined) {
    if (store !== undefined) return;
    throw new Error(
      'imports: [SecureWsRedisModule] has no options: write SecureWsRedisModule.forRoot({ url, clusterKey }).',
    );
  }

  /** Makes the store. What is wrong with the options fails the boot, as `secureWsRedis()` says it. */
  static forRoot(options: SecureWsRedisOptions): DynamicModule {
    return define({ provide: RedisStore, useFactory: () => secureWsRedis(options) });
  }

  /**
   * Makes the store with options that providers know.
   *
   * @throws TypeError without `useFactory`.
   */
  static forRootAsync({ imports = [], inject = [], useFactory }: SecureWsRedisAsyncOptions): DynamicModule {
    if (typeof useFactory !== 'function') throw new TypeError('SecureWsRedisModule.forRootAsync() takes a useFactory.');
    const make = async (...args: never[]): Promise<RedisStore> => secureWsRedis(await useFactory(...args));
    return define({ provide: RedisStore, useFactory: make, inject }, imports);
  }

  /** Closes the store. Called by Nest. */
  onApplicationShutdown(): void {
    // After the connections, which leave in onModuleDestroy. What is left to say to the store then is of no consequence.
    this.store?.close();
  }
}

function define(store: Provider, imports: DynamicModule['imports'] = []): DynamicModule {
  return { module: SecureWsRedisModule, global: true, imports, providers: [store], exports: [RedisStore] };
}
