import type { Type } from '@nestjs/common';
import { extendsClass, type OptionReader } from '../../core/option-reader.js';
import { DEFAULT_API_KEY_PREFIX, isApiKeyPrefix } from './api-key.js';
import { WsApiKeyStore } from './ws-api-key-store.js';

/** A store of the application: a class that Nest instantiates, or an instance. */
export type ApiKeyStoreSource = Type<WsApiKeyStore> | WsApiKeyStore;

/** `authentication.apiKeys`: the keys of programs, in the `Authorization` field. */
export interface ApiKeyOptions {
  /** Finds keys by their id. */
  readonly find: ApiKeyStoreSource;
  /**
   * What keys begin with, such as `acme_live`: 1 to 32 of `a-z`, `0-9`, `_` and `-`, a letter first.
   *
   * @default 'key'
   */
  readonly prefix?: string;
}

/** {@link ApiKeyOptions}, checked and frozen. */
export interface ResolvedApiKeyOptions {
  readonly find: ApiKeyStoreSource;
  readonly prefix: string;
}

/**
 * Checks `authentication.apiKeys`. Problems go to the reader; nothing is thrown.
 *
 * @returns `undefined` where something of it is missing or wrong.
 */
export function resolveApiKeyOptions(reader: OptionReader): ResolvedApiKeyOptions | undefined {
  const find = reader.raw('find');
  const prefix = reader.string('prefix') ?? DEFAULT_API_KEY_PREFIX;
  reader.finish();
  if (!isApiKeyPrefix(prefix)) {
    reader.fail(
      'prefix',
      'must be 1 to 32 of a-z, 0-9, _ and -, a letter first.',
      `${reader.pathOf('prefix')}: 'acme_live'`,
    );
  }
  if (isStore(find)) return Object.freeze({ find, prefix });
  const fix = `${reader.pathOf('find')}: MyApiKeys`;
  reader.fail('find', 'must be a class or an instance that extends WsApiKeyStore.', fix);
  return undefined;
}

function isStore(value: unknown): value is ApiKeyStoreSource {
  return value instanceof WsApiKeyStore || extendsClass(value, WsApiKeyStore);
}
