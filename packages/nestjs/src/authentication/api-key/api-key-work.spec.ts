import * as crypto from 'node:crypto';
import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AuthenticationError } from '../authenticator.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { createApiKey } from './api-key.js';
import { WsApiKeyStore } from './ws-api-key-store.js';

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>();
  return {
    ...real,
    timingSafeEqual: vi.fn<typeof real.timingSafeEqual>(real.timingSafeEqual),
    createHash: vi.fn<typeof real.createHash>(real.createHash),
  };
});

const good = createApiKey();
const expired = createApiKey();
const revoked = createApiKey();
const unknown = createApiKey();

class Keys extends WsApiKeyStore {
  readonly asked: string[] = [];

  override find(id: string) {
    this.asked.push(id);
    const record = { owner: 'billing', scopes: ['read'] };
    if (id === good.id) return { ...record, hash: good.hash };
    if (id === expired.id) return { ...record, hash: expired.hash, expiresAt: 1 };
    return id === revoked.id ? { ...record, hash: revoked.hash, revoked: true } : undefined;
  }
}

/** Of a key with this id, and nothing else known of it. */
function guessFor(id: string): string {
  for (;;) {
    const { key } = createApiKey();
    const body = `key_${id}_${key.slice(21, 85)}`;
    return `${body}${crc32(body).toString(16).padStart(8, '0')}`;
  }
}

describe('the work of an API key', () => {
  beforeEach(() => vi.clearAllMocks());

  it.each<readonly [what: string, key: string, failure: string | undefined]>([
    ['a good key', good.key, undefined],
    ['an expired key', expired.key, undefined],
    ['an unknown id', unknown.key, 'bad-secret'],
    ['a wrong secret', guessFor(good.id), 'bad-secret'],
    ['a wrong secret of a revoked key', guessFor(revoked.id), 'bad-secret'],
    ['a revoked key', revoked.key, 'revoked'],
  ])('AN-09 J35 of %s is one look-up, one hash and one comparison', (_, key, failure) => {
    const keys = new Keys();
    const verify = () =>
      new ApiKeyAuthenticator(keys, 'key').authenticate({ scheme: 'apikey', value: key, source: 'authorization' });
    if (failure === undefined) expect(verify()).toMatchObject({ id: 'billing', scopes: ['read'] });
    else expect(verify).toThrow(new AuthenticationError(failure as never));
    expect(keys.asked).toHaveLength(1);
    expect(crypto.createHash).toHaveBeenCalledTimes(1);
    expect(crypto.timingSafeEqual).toHaveBeenCalledTimes(1);
  });
});
