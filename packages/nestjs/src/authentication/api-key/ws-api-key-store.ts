import type { Awaitable } from '../../core/awaitable.js';

/** What is stored of an API key. */
export interface ApiKeyRecord {
  /** Of {@link CreatedApiKey}: 64 hexadecimal digits. */
  readonly hash: string;
  /** Whose key it is, as `principal.id`. */
  readonly owner: string;
  readonly tenant?: string;
  /** @default [] */
  readonly roles?: readonly string[];
  /** @default [] */
  readonly scopes?: readonly string[];
  /**
   * When it was made, in milliseconds since 1970. Without it `WsRevocationService.revokePrincipal()` only closes its
   * connections.
   *
   * @default now
   */
  readonly issuedAt?: number;
  /** When it ends, in milliseconds since 1970; its connections end with it. @default never */
  readonly expiresAt?: number;
  /** @default false */
  readonly revoked?: boolean;
  /** What `principal.claims` holds. @default {} */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * Finds API keys. The application implements it, over the table that it keeps them in.
 *
 * @example
 * ```ts
 * @Injectable()
 * export class ApiKeys extends WsApiKeyStore {
 *   constructor(private readonly keys: Repository<ApiKey>) { super(); }
 *   async find(id: string) {
 *     return (await this.keys.findOneBy({ id })) ?? undefined;
 *   }
 * }
 * ```
 */
export abstract class WsApiKeyStore {
  /**
   * Finds a key, revoked and expired ones included: the module refuses those, after the same work as for any other one.
   *
   * @param id 16 hexadecimal digits.
   * @returns `undefined` where there is none. A throw refuses as unavailable.
   */
  abstract find(id: string): Awaitable<ApiKeyRecord | undefined>;
}
