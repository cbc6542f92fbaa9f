import { expect, it } from 'vitest';
import type { CredentialSource, WsCredential } from '../authenticator.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { createApiKey } from './api-key.js';
import { WsApiKeyStore } from './ws-api-key-store.js';

const good = createApiKey();
const expired = createApiKey();
const revoked = createApiKey();

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

const credential = (value: string, scheme = 'apikey', source: CredentialSource = 'authorization'): WsCredential => ({
  scheme,
  value,
  source,
});

it.each<readonly [accepted: boolean, WsCredential]>([
  [true, credential(good.key)],
  [true, credential(good.key, 'bearer')],
  [false, credential('eyJhbGciOiJIUzI1NiJ9.e30.x', 'bearer')],
  [false, credential(good.key, 'bearer', 'subprotocol')],
  [false, credential(good.key, 'apikey', 'subprotocol')],
  [false, credential(good.key, 'session', 'cookie')],
  [false, credential(good.key, 'ticket')],
])('AN-07 accepts (%s) %o', (accepted, each) => {
  expect(new ApiKeyAuthenticator(new Keys(), 'key').accepts(each)).toBe(accepted);
});
