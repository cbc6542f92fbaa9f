import type { ClassOrInstance, OptionReader } from '../../core/option-reader.js';
import { DEFAULT_API_KEY_PREFIX, isApiKeyPrefix } from './api-key.js';
import { WsApiKeyStore } from './ws-api-key-store.js';

/** `authentication.apiKeys`: the keys of programs, in the `Authorization` field. */
export interface ApiKeyOptions {
  /** Has the keys of the application. */
  readonly store: ClassOrInstance<WsApiKeyStore>;
  /**
   * What keys begin with, such as `acme_live`: 1 to 32 of `a-z`, `0-9`, `_` and `-`, a letter first.
   *
   * @default 'key'
   */
  readonly prefix?: string;
}

/** {@link ApiKeyOptions}, checked and frozen. */
export interface ResolvedApiKeyOptions {
  readonly store: ClassOrInstance<WsApiKeyStore>;
  readonly prefix: string;
}

/**
 * Checks `authentication.apiKeys`. Problems go to the reader; nothing is thrown.
 *
 * @returns `undefined` where something of it is missing or wrong.
 */
export function resolveApiKeyOptions(reader: OptionReader): ResolvedApiKeyOptions | undefined {
  const store = reader.classOrInstance('store', WsApiKeyStore, 'ApiKeys');
  const prefix = reader.string('prefix') ?? DEFAULT_API_KEY_PREFIX;
  reader.finish();
  if (!isApiKeyPrefix(prefix)) {
    reader.fail(
      'prefix',
      'must be 1 to 32 of a-z, 0-9, _ and -, a letter first.',
      `${reader.pathOf('prefix')}: 'acme_live'`,
    );
  }
  if (store !== undefined) return Object.freeze({ store, prefix });
  if (!reader.has('store')) reader.refuse('store', 'is missing: nothing finds the keys.', 'ApiKeys');
  return undefined;
}
