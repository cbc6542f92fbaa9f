import { generateKeyPairSync } from 'node:crypto';
import * as jose from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../core/strict-json.js';
import { FakeClock } from '../../../testing/fake-clock.js';
import { JwkSetVerifier } from './jwk-set-verifier.js';
import { RemoteKeySet } from './remote-key-set.js';

const pairs = { a: generateKeyPairSync('ed25519'), b: generateKeyPairSync('ed25519') };
const jwk = (name: keyof typeof pairs, more: object = { kid: name }) => ({
  ...pairs[name].publicKey.export({ format: 'jwk' }),
  alg: 'EdDSA',
  ...more,
});
const encryption = { ...jwk('b'), kid: 'enc', use: 'enc' };
const timing = { cacheMs: 600_000, cooldownMs: 30_000 };

describe('RemoteKeySet', () => {
  let clock: FakeClock;
  let fetches: number;
  let answer: () => Promise<object | undefined>;
  let set: RemoteKeySet;

  beforeEach(() => {
    clock = new FakeClock();
    fetches = 0;
    publish(jwk('a'));
    const fetch = () => {
      fetches += 1;
      return answer() as Promise<JsonObject | undefined>;
    };
    set = new RemoteKeySet({
      ...{ jose, clock, timing, algorithms: ['EdDSA'] as const },
      documents: { fetch } as never,
      locate: () => Promise.resolve(new URL('https://id.example.com/jwks?x=1')),
    });
  });

  const publish = (...keys: object[]) => {
    answer = () => Promise.resolve({ keys });
  };
  const find = (kid?: string) => set.find({ alg: 'EdDSA', kid });
  const isFound = async (kid?: string) => (await find(kid)) !== undefined;

  it('AN-15 J27 takes a new key once the cool-down is over, and asks for no flood of made-up ids', async () => {
    expect(await isFound('a')).toBe(true);
    publish(jwk('a'), jwk('b'));
    clock.advance(29_999);
    for (let i = 0; i < 1_000; i += 1) expect(await isFound(`unknown-${i}`)).toBe(false);
    expect(await isFound('b')).toBe(false);
    expect(fetches).toBe(1);
    clock.advance(1);
    expect(await isFound('b')).toBe(true);
    expect(fetches).toBe(2);
    expect(await isFound('a')).toBe(true);
    expect(fetches).toBe(2);
  });

  it('AN-15 J27 refuses a key that was taken out', async () => {
    expect(await isFound('a')).toBe(true);
    publish(jwk('b'));
    clock.advance(600_000);
    expect(await isFound('a')).toBe(false);
    expect(await isFound('b')).toBe(true);
  });

  it('AN-11 does not say of a key that it is unknown while no set comes', async () => {
    await find('a');
    answer = () => Promise.reject(new Error('down'));
    clock.advance(30_000);
    await expect(find('b')).rejects.toThrow('down');
    expect(fetches).toBe(2);
    await expect(find('b')).rejects.toThrow('down');
    expect(fetches).toBe(2);
    expect(await isFound('a')).toBe(true);
  });

  it('AN-15 gives a token without a kid the only key without one', async () => {
    publish(jwk('a'));
    expect(await isFound()).toBe(false);
    publish(jwk('a', {}), jwk('b'));
    clock.advance(30_000);
    expect(await isFound()).toBe(true);
    publish(jwk('a', {}), jwk('b', {}));
    clock.advance(600_000);
    expect(await isFound()).toBe(false);
  });

  it('AN-15 leaves out keys for something else, and looks at 100', async () => {
    publish(encryption, null as never, { kty: 'oct', k: 'AAAA' }, jwk('a'));
    expect(await isFound('a')).toBe(true);
    expect(await isFound('enc')).toBe(false);
    publish(...Array<object>(99).fill(encryption), jwk('a'), jwk('b'));
    clock.advance(600_000);
    expect([await isFound('a'), await isFound('b')]).toEqual([true, false]);
  });

  it.each<[string, object | undefined, string]>([
    ['none', undefined, 'https://id.example.com/jwks answered 404.'],
    ['no list', { keys: jwk('a') }, 'The key set has no list of keys.'],
    ['nothing in it', { keys: [] }, 'The key set has no key for EdDSA.'],
    ['no key for it', { keys: [encryption] }, "The key set has no key for EdDSA. one is for another use than 'sig'."],
  ])('AN-11 AN-15 throws where the set has %s', async (_, document, text) => {
    answer = () => Promise.resolve(document);
    await expect(find('a')).rejects.toThrow(text);
    await expect(find('a')).rejects.toMatchObject({ name: 'IdentityProviderError' });
  });

  it('AN-06 verifies a signature with the one key that a token names, for its algorithms alone', async () => {
    publish(jwk('a'), jwk('b'));
    const verifier = new JwkSetVerifier(jose, set, ['EdDSA']);
    const sign = (name: keyof typeof pairs, kid: string) =>
      new jose.CompactSign(Buffer.from('{}')).setProtectedHeader({ alg: 'EdDSA', kid }).sign(pairs[name].privateKey);
    const verify = async (name: keyof typeof pairs, kid: string, alg = 'EdDSA') =>
      verifier.verify(await sign(name, kid), { alg, kid } as never);
    expect(await verify('a', 'a')).toEqual({ keyId: 'a' });
    expect(await verify('a', 'b')).toBe('bad-signature');
    expect(await verify('a', 'c')).toBe('unknown-key');
    expect(await verify('a', 'a', 'RS256')).toBe('bad-algorithm');
  });
});
