import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { JwtOptions } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type Segment, signEs, signRs } from '../support/forge-jwt.js';
import { handshake, type Refusal } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { json, startStubProvider, status, type StubAnswer, type StubProvider } from '../support/stub-provider.js';

const ISSUER = 'https://id.example.com';

interface Pair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  /** As it is published. */
  readonly jwk: Record<string, unknown>;
}

const pair = (kid: string, alg: string, { privateKey, publicKey }: Record<'privateKey' | 'publicKey', KeyObject>) => ({
  kid,
  alg,
  privateKey,
  jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
});
const rsa = (kid: string, modulusLength = 2048): Pair =>
  pair(kid, 'RS256', generateKeyPairSync('rsa', { modulusLength }));
const ec = (kid: string): Pair => pair(kid, 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const ed = (kid: string): Pair => pair(kid, 'EdDSA', generateKeyPairSync('ed25519'));

const [first, second, curve, edwards] = [rsa('k-1'), rsa('k-2'), ec('k-3'), ed('k-4')];
const without = ({ jwk }: Pair, ...names: string[]): object =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !names.includes(name)));

/** A server that trusts a key set, and the one who publishes it. */
interface Attacked {
  readonly app: RunningApp;
  readonly clock: FakeClock;
  readonly provider: StubProvider;
  /** How often the set was fetched. */
  readonly fetches: () => number;
  readonly token: (key: Pair, header?: Record<string, unknown>) => string;
  readonly open: (token: string) => Promise<'open' | Refusal>;
}

function signWith({ alg, privateKey }: Pair, header: Segment, claims: Segment): string {
  if (alg === 'RS256') return signRs(header, claims, privateKey);
  if (alg === 'ES256') return signEs(header, claims, privateKey);
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

async function attacked(answer: StubAnswer, options: Partial<JwtOptions> = {}): Promise<Attacked> {
  const provider = await startStubProvider({ '/jwks': answer });
  const clock = new FakeClock(Date.now());
  const jwt = { issuer: ISSUER, audience: 'chat', algorithms: ['RS256', 'ES256', 'EdDSA'] as const };
  const app = await startApp({
    providers: [EchoGateway],
    clock,
    options: { authentication: { jwt: { ...jwt, jwksUri: `${provider.url}/jwks`, ...options } } },
  });
  return {
    app,
    clock,
    provider,
    fetches: () => provider.requests.filter((path) => path === '/jwks').length,
    token: (key, header = {}) => {
      const now = Math.floor(clock.now() / 1000);
      const claims = { iss: ISSUER, aud: 'chat', sub: 'alice', iat: now, exp: now + 300 };
      return signWith(key, { alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }, claims);
    },
    open: (token) => handshake(`${app.url}/echo`, { token }),
  };
}

const setOf = (...keys: readonly Pair[]): StubAnswer => json({ keys: keys.map(({ jwk }) => jwk) });
const statusOf = async (outcome: Promise<'open' | Refusal>): Promise<'open' | number> => {
  const settled = await outcome;
  return settled === 'open' ? settled : settled.status;
};

/** Checks that a handshake was refused because nobody knows, and that this is on record. */
async function expectUnavailable({ app, open, token }: Attacked, by: Promise<'open' | Refusal> = open(token(first))) {
  app.events.clear();
  expect(await statusOf(by)).toBe(503);
  expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
    { status: 503, reason: 'authenticator-unavailable', failure: 'unavailable' },
  ]);
  expect(app.app.get(EchoGateway).connections).toBe(0);
}

describe('a key set', () => {
  it('AN-15 admits the tokens of its keys, EdDSA among them, and is fetched once', async () => {
    const { open, token, fetches } = await attacked(setOf(first, second, curve, edwards));
    for (const key of [first, second, curve, edwards, first]) expect(await open(token(key))).toBe('open');
    expect(fetches()).toBe(1);
  });

  it('AN-15 is fetched once by all who wait for it', async () => {
    const { open, token, fetches } = await attacked(setOf(first));
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => open(token(first))));
    expect(new Set(outcomes)).toEqual(new Set(['open']));
    expect(fetches()).toBe(1);
  });

  it('AN-15 J27 is fetched at most twice for 1,000 unknown key ids', async () => {
    const { open, token, fetches, clock } = await attacked(setOf(first));
    const stranger = rsa('other');
    const tokens = Array.from({ length: 1000 }, (_, index) => token(stranger, { kid: `unknown-${index}` }));
    while (tokens.length > 0) {
      // A cooldown ends in the middle of it.
      if (tokens.length === 500) clock.advance(30_000);
      const outcomes = await Promise.all(tokens.splice(0, 50).map((forged) => statusOf(open(forged))));
      expect(new Set(outcomes)).toEqual(new Set([401]));
    }
    expect(fetches()).toBe(2);
    expect(await open(token(first))).toBe('open');
  });

  it('AN-15 J27 takes a new key, and refuses the token of one that was rotated out', async () => {
    const { open, token, provider, clock } = await attacked(setOf(first));
    expect(await open(token(first))).toBe('open');
    provider.answers.set('/jwks', setOf(second));
    expect(await statusOf(open(token(second)))).toBe(401);
    clock.advance(30_000);
    expect(await open(token(second))).toBe('open');
    expect(await statusOf(open(token(first)))).toBe(401);
  });

  it('AN-15 J27 forgets a key that was rotated out when its time is over, though nobody asks for another one', async () => {
    const { open, token, provider, clock } = await attacked(setOf(first, second));
    expect(await open(token(first))).toBe('open');
    provider.answers.set('/jwks', setOf(second));
    clock.advance(600_000);
    expect(await statusOf(open(token(first)))).toBe(401);
    expect(await open(token(second))).toBe('open');
  });

  it('AN-11 AN-15 lets nobody in while it is away, tries again, and sees no outage that is short', async () => {
    const all = await attacked(status(500));
    const { open, token, provider, clock, fetches } = all;
    await expectUnavailable(all);
    provider.answers.set('/jwks', setOf(first));
    // An outage is not made worse by everybody who asks.
    await expectUnavailable(all);
    expect(fetches()).toBe(1);
    clock.advance(2_000);
    expect(await open(token(first))).toBe('open');

    provider.answers.set('/jwks', status(500));
    clock.advance(300_000);
    expect(await open(token(first))).toBe('open');
    await until(() => fetches() === 3, 'the set was asked for before its time is over');
    // A key that nobody knows may be a new one, as long as no set comes.
    expect(await statusOf(open(token(second)))).toBe(503);
    clock.advance(300_000);
    expect(await statusOf(open(token(first)))).toBe(503);
  });

  it('AN-11 AN-15 lets nobody in while it does not answer', async () => {
    const all = await attacked(() => undefined);
    const outcome = all.open(all.token(first));
    await until(() => all.fetches() === 1, 'the set was asked for');
    all.clock.advance(3_000);
    await expectUnavailable(all, outcome);
  });

  it('AN-15 is cut off while it drips', async () => {
    const all = await attacked((_, response) => response.writeHead(200).write('{"keys":['));
    const outcome = all.open(all.token(first));
    await until(() => all.fetches() === 1, 'the set was asked for');
    all.clock.advance(3_000);
    await expectUnavailable(all, outcome);
  });

  it('AN-15 follows no redirect', async () => {
    const elsewhere = await startStubProvider({ '/jwks': setOf(first) });
    const all = await attacked(status(302, { location: `${elsewhere.url}/jwks` }));
    await expectUnavailable(all);
    expect(elsewhere.requests).toEqual([]);
  });

  it.each<[string, StubAnswer]>([
    ['is larger than its cap', json({ keys: [first.jwk], pad: 'x'.repeat(300_000) })],
    ['is not JSON', (_, response) => response.writeHead(200).end('<html>')],
    ['is a list', json([first.jwk])],
    ['has no list of keys', json({ keys: { 0: first.jwk } })],
    ['names a member twice', (_, response) => response.writeHead(200).end('{"keys":[],"keys":[]}')],
    ['is not there', status(404)],
    ['has no key', setOf()],
    ['has a key for encryption only', json({ keys: [{ ...first.jwk, use: 'enc' }] })],
    ['has a key for another operation only', json({ keys: [{ ...first.jwk, key_ops: ['wrapKey'] }] })],
    [
      'has a private key only',
      json({ keys: [{ ...first.privateKey.export({ format: 'jwk' }), kid: 'k-1', alg: 'RS256' }] }),
    ],
    ['has a secret only', json({ keys: [{ kty: 'oct', k: 'AAAA', kid: 'k-1', alg: 'HS256' }] })],
    ['has a key for another algorithm only', json({ keys: [{ ...first.jwk, alg: 'RS512' }] })],
    ['has an RSA key of 1024 bits only', setOf({ ...rsa('k-1', 1024) })],
  ])('AN-11 AN-15 lets nobody in with a set that %s', async (_, answer) => {
    await expectUnavailable(await attacked(answer));
  });

  it('AN-15 J34 leaves out the keys that are for something else, and uses the others', async () => {
    const encryption = rsa('k-9');
    const { open, token } = await attacked(
      json({ keys: [null, 7, { ...encryption.jwk, use: 'enc' }, { ...rsa('k-8', 1024).jwk }, first.jwk] }),
    );
    expect(await open(token(first))).toBe('open');
    expect(await statusOf(open(token(encryption)))).toBe(401);
  });

  it('J03 J34 binds each key to one algorithm', async () => {
    const bare = json({ keys: [without(first, 'alg'), without(edwards, 'alg')] });
    const one = await attacked(bare);
    expect(await one.open(one.token(first))).toBe('open');
    expect(await one.open(one.token(edwards))).toBe('open');
    // A name that is not listed, though it means the same.
    expect(await statusOf(one.open(one.token(edwards, { alg: 'Ed25519' })))).toBe(401);
    // With two algorithms that fit an RSA key, the token would choose.
    const two = await attacked(bare, { algorithms: ['RS256', 'PS256', 'EdDSA'] });
    expect(await statusOf(two.open(two.token(first)))).toBe(401);
    expect(await two.open(two.token(edwards))).toBe('open');
  });

  it('J08 never guesses where several keys fit', async () => {
    const { open, token } = await attacked(setOf(first, second, { ...rsa('twice') }, { ...rsa('twice') }));
    expect(await statusOf(open(token(first, { kid: undefined })))).toBe(401);
    expect(await statusOf(open(token({ ...first, kid: 'twice' })))).toBe(401);
    expect(await statusOf(open(token({ ...first, kid: 'k-2' })))).toBe(401);
  });

  it.each(['jku', 'x5u'])('J06 asks no address of a token: %s', async (name) => {
    const stranger = rsa('k-1');
    const evil = await startStubProvider({ '/jwks': setOf(stranger) });
    const { open, token, fetches } = await attacked(setOf(first));
    expect(await statusOf(open(token(stranger, { [name]: `${evil.url}/jwks` })))).toBe(401);
    expect(evil.requests).toEqual([]);
    expect(fetches()).toBe(1);
  });

  it('J05 J07 takes no key out of a token', async () => {
    const stranger = rsa('k-1');
    const { open, token } = await attacked(setOf(first));
    expect(await statusOf(open(token(stranger, { jwk: stranger.jwk })))).toBe(401);
    expect(await statusOf(open(token(stranger, { x5c: ['AAAA'] })))).toBe(401);
    expect(await statusOf(open(token(stranger, { x5t: 'AAAA', 'x5t#S256': 'AAAA' })))).toBe(401);
    expect(await statusOf(open(token(stranger)))).toBe(401);
  });
});
