import { expect, it } from 'vitest';
import type { CredentialSource, WsCredential } from '../authenticator.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { createApiKey } from './api-key.js';
import { WsApiKeyStore } from './ws-api-key-store.js';

const good = createApiKey();

class NoKeys extends WsApiKeyStore {
  override find(): undefined {
    return undefined;
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
])('AN-07 accepts (%s) the credential of row %#', (accepted, each) => {
  expect(new ApiKeyAuthenticator(new NoKeys(), 'key').accepts(each)).toBe(accepted);
});

/** Answers one record, whatever it is asked for. */
class OneKey extends WsApiKeyStore {
  readonly asked: string[] = [];

  constructor(private readonly record: unknown) {
    super();
  }

  override find(id: string): ReturnType<WsApiKeyStore['find']> {
    this.asked.push(id);
    return this.record as ReturnType<WsApiKeyStore['find']>;
  }
}

const record = { hash: good.hash, owner: 'alice' };

async function outcome(answer: unknown, value = good.key, store = new OneKey(answer)): Promise<unknown> {
  try {
    return await new ApiKeyAuthenticator(store, 'key').authenticate(credential(value));
  } catch (error) {
    return (error as { readonly failure?: unknown }).failure ?? (error as Error).name;
  }
}

it('AN-07 makes of a record what it says of its owner, and nothing that makes a session of a key', async () => {
  const store = new OneKey({ ...record, sessionId: 's', kind: 'jwt', issuer: 'x', keyId: 'k', id: 'bob' });
  expect(await outcome(undefined, good.key, store)).toEqual({ issuer: 'api-keys', id: 'alice', keyId: good.id });
  expect(store.asked).toEqual([good.id]);
  const more = { tenant: 't', roles: ['r'], scopes: ['s'], issuedAt: 1, expiresAt: 2, claims: { a: 1 } };
  expect(await outcome(Promise.resolve({ ...record, ...more, revoked: false }))).toEqual({
    ...more,
    issuer: 'api-keys',
    id: 'alice',
    keyId: good.id,
  });
});

it.each<[string, unknown, string]>([
  ['no record', undefined, 'bad-secret'],
  ['null', null, 'bad-secret'],
  ['a text', 'alice', 'bad-secret'],
  ['a promise of nothing', Promise.resolve(undefined), 'bad-secret'],
  ['the hash of another key', { ...record, hash: createApiKey().hash }, 'bad-secret'],
  ['the hash of nothing', { ...record, hash: '0'.repeat(64) }, 'bad-secret'],
  ['a revoked one', { ...record, revoked: true }, 'revoked'],
  ['one that was revoked at a time', { ...record, revoked: new Date(0) }, 'revoked'],
  ['one whose revocation is a text', { ...record, revoked: 'false' }, 'revoked'],
  ['one whose revocation is a number', { ...record, revoked: 0 }, 'revoked'],
  ['a revoked one of another key', { ...record, hash: createApiKey().hash, revoked: true }, 'bad-secret'],
  ['no hash', { owner: 'alice' }, 'PrincipalError'],
  ['a hash in capitals', { ...record, hash: good.hash.toUpperCase() }, 'PrincipalError'],
  ['a hash that is too long', { ...record, hash: `${good.hash}0` }, 'PrincipalError'],
  ['a hash behind something', { ...record, hash: `0${good.hash}` }, 'PrincipalError'],
  ['a hash of bytes', { ...record, hash: Buffer.from(good.hash, 'hex') }, 'PrincipalError'],
])('AN-07 refuses a key where the store answers %s', async (_, answer, failure) => {
  expect(await outcome(answer)).toBe(failure);
});

it('AN-07 takes a record that says of a revocation that there was none', async () => {
  for (const revoked of [false, null, undefined]) {
    expect(await outcome({ ...record, revoked })).toMatchObject({ id: 'alice' });
  }
});

it('AN-07 asks no store about what is no key', async () => {
  const store = new OneKey(record);
  expect(await outcome(undefined, `${good.key.slice(0, -1)}x`, store)).toBe('malformed');
  expect(await outcome(undefined, 'key_1', store)).toBe('malformed');
  expect(store.asked).toEqual([]);
});
