import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import type { DpopOptions, HandshakeOptions } from '@secure-ws/nestjs';
import { calculateJwkThumbprint } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { certificateThumbprint } from '../../packages/nestjs/src/authentication/client-certificate/client-certificate.js';
import { loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { dpopKey, dpopProof, type ProofShape } from '../support/dpop.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type ClientShape, handshake, type Refusal } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { answerTo, goodFields, withField } from '../support/raw-handshake.js';
import { APP_ORIGIN, type AppShape, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const mine = dpopKey();
const thiefs = dpopKey();

async function protect(dpop: DpopOptions | 'off' = {}, handshakeOptions: HandshakeOptions = {}) {
  const server = await startAuthorizationServer();
  const clock = new FakeClock(Date.now());
  const { issuer, introspection } = server;
  const app = await startApp({
    providers: [EchoGateway],
    clock,
    options: {
      authentication: { oauth: { issuer, audience: 'chat', introspection }, ...(dpop !== 'off' && { dpop }) },
      handshake: handshakeOptions,
    },
  });
  const url = `${app.httpUrl}/echo`;
  return {
    app,
    clock,
    server,
    url,
    issue: (format: 'jwt' | 'opaque' = 'jwt') => server.issue({ key: mine, format }),
    prove: (token: string, shape: Partial<ProofShape> = {}, key = mine) =>
      dpopProof(key, { url, token, nowMs: clock.now(), ...shape }),
  };
}

const withProof = (token: string, ...proofs: string[]): ClientShape => ({
  headers: { Authorization: `DPoP ${token}`, DPoP: proofs },
});
const open = async (app: RunningApp, shape: ClientShape): Promise<'open' | Refusal> =>
  handshake(`${app.url}/echo`, shape);
const statusOf = async (app: RunningApp, shape: ClientShape): Promise<'open' | number> => {
  const outcome = await open(app, shape);
  return outcome === 'open' ? outcome : outcome.status;
};
const failures = ({ events }: RunningApp): (string | undefined)[] =>
  events.ofType('ws.handshake.refused').map(({ failure }) => failure);

describe('a token that is bound to a key', () => {
  it.each(['jwt', 'opaque'] as const)('AN-06 opens a connection with a proof: %s', async (format) => {
    const { app, issue, prove } = await protect();
    const token = await issue(format);
    expect(await open(app, withProof(token, await prove(token)))).toBe('open');
    // As a page has to send them.
    const protocols = ['json.v1', `bearer.${token}`, `dpop.${await prove(token)}`];
    expect(await open(app, { origin: APP_ORIGIN, protocols })).toBe('open');
    expect(await open(app, withProof(token, await prove(token, { url: `${app.url}/echo?room=1#x` })))).toBe('open');
  });

  it.each(['jwt', 'opaque'] as const)('AN-06 opens nothing without a proof of its key: %s', async (format) => {
    const { app, issue, prove } = await protect();
    const token = await issue(format);
    expect(await statusOf(app, { token })).toBe(401);
    expect(await statusOf(app, { token, tokenIn: 'subprotocol' })).toBe(401);
    expect(await statusOf(app, { headers: { Authorization: `DPoP ${token}` } })).toBe(401);
    expect(await statusOf(app, withProof(token, await prove(token, {}, thiefs)))).toBe(401);
    // The thief's key in the head, the owner's named in the token.
    expect(await statusOf(app, withProof(token, await prove(token, { header: { jwk: mine.jwk } }, thiefs)))).toBe(401);
    expect(failures(app)).toEqual(['missing-proof', 'missing-proof', 'missing-proof', 'bad-proof', 'bad-proof']);
    expect(app.app.get(EchoGateway).connections).toBe(0);
  });

  it('AN-06 AN-09 opens nothing where proofs are not read, and the answer says nothing of it', async () => {
    const { app, issue, prove } = await protect('off');
    const token = await issue();
    const [withOne, bad] = [await open(app, withProof(token, await prove(token))), await open(app, { token: 'a.b.c' })];
    expect((withOne as Refusal).body).toBe((bad as Refusal).body);
    expect(await statusOf(app, { token })).toBe(401);
  });

  it.each<[string, Partial<ProofShape> & { readonly ageSeconds?: number }]>([
    ['another path', { url: 'http://127.0.0.1:1/echo' }],
    ['another method', { method: 'POST' }],
    ['another token', { token: 'other' }],
    ['no token', { claims: { ath: undefined } }],
    ['no id', { claims: { jti: undefined } }],
    ['an id that is no text', { claims: { jti: 7 } }],
    ['an id of 1,000 characters', { claims: { jti: 'x'.repeat(1000) } }],
    ['no URL', { claims: { htu: undefined } }],
    ['a URL that is none', { claims: { htu: '/echo' } }],
    ['a URL with a user', { claims: { htu: 'http://x@127.0.0.1/echo' } }],
    ['no date', { claims: { iat: undefined } }],
    ['a date in a text', { claims: { iat: '1' } }],
    ['a date of long ago', { ageSeconds: 62 }],
    ['a date in the future', { ageSeconds: -32 }],
    ['another type', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['no key', { header: { jwk: undefined } }],
    ['its private key', { header: { jwk: mine.privateKey.export({ format: 'jwk' }) } }],
    ['a critical extension', { header: { crit: ['x'], x: 1 } }],
  ])('AN-06 opens nothing with a proof of %s', async (_, { ageSeconds = 0, ...shape }) => {
    const { app, issue, prove, clock } = await protect();
    const token = await issue();
    const proof = await prove(token, { nowMs: clock.now() - ageSeconds * 1000, ...shape }).catch(() => undefined);
    // `jose` does not sign some of them; they are put together by hand.
    const sent = proof ?? (await handmade(token, `${app.httpUrl}/echo`, shape));
    expect(await statusOf(app, withProof(token, sent))).toBe(401);
    expect(failures(app)).toEqual(['bad-proof']);
    expect(await open(app, withProof(token, await prove(token)))).toBe('open');
  });

  it.each<[string, (proof: string) => string]>([
    ['that is unsigned', (proof) => `${head({ alg: 'none' })}.${proof.split('.')[1]}.`],
    ['signed with a secret', (proof) => `${head({ alg: 'HS256' })}.${proof.split('.')[1]}.AAAA`],
    ['with a stripped signature', (proof) => `${proof.split('.').slice(0, 2).join('.')}.`],
    ['with a loose signature', (proof) => `${proof}A`],
    ['of two segments', (proof) => proof.split('.').slice(0, 2).join('.')],
    ['of 5,000 bytes', (proof) => `${proof}${'A'.repeat(5_000)}`],
  ])('AN-06 opens nothing with a proof %s', async (_, spoil) => {
    const { app, issue, prove } = await protect();
    const token = await issue();
    expect(await statusOf(app, withProof(token, spoil(await prove(token))))).toBe(401);
  });

  it('J03 AN-06 opens nothing with a proof of an algorithm that is not listed, nor with a date that is text', async () => {
    const { app, issue, prove, clock } = await protect({ algorithms: ['RS256'] });
    const token = await issue();
    expect(await statusOf(app, withProof(token, await prove(token)))).toBe(401);
    const other = await protect();
    const mineThere = await other.issue();
    const iat = String(Math.floor(clock.now() / 1000));
    expect(await statusOf(other.app, withProof(mineThere, await other.prove(mineThere, { claims: { iat } })))).toBe(
      401,
    );
    expect([failures(app), failures(other.app)]).toEqual([['bad-proof'], ['bad-proof']]);
  });

  it('J26 AN-06 opens one connection with one proof, in parallel too', async () => {
    const { app, issue, prove } = await protect();
    const token = await issue();
    const proof = await prove(token);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => statusOf(app, withProof(token, proof))));
    expect(outcomes.filter((outcome) => outcome === 'open')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 401)).toHaveLength(49);
    expect(new Set(failures(app))).toEqual(new Set(['replayed']));
  });

  it('J26 AN-06 opens no second connection with a proof of the future at the end of its time', async () => {
    const { app, clock, issue, prove } = await protect();
    const token = await issue();
    clock.advance(1000 - (clock.now() % 1000));
    const proof = await prove(token, { nowMs: clock.now() + 30_000 });
    expect(await statusOf(app, withProof(token, proof))).toBe('open');
    clock.advance(90_000);
    expect(await statusOf(app, withProof(token, proof))).toBe(401);
    expect(failures(app)).toEqual(['replayed']);
  });

  it('AN-10 opens a connection for its owner, whatever a thief behind the same address does with it', async () => {
    const many = { limit: 10_000, ttl: 10_000 };
    const { app, clock, issue, prove } = await protect(
      {},
      { limits: { ratePerAddress: many, ratePerPrincipal: many } },
    );
    const token = await issue();
    const own = async () => statusOf(app, withProof(token, await prove(token)));
    expect(await own()).toBe('open');
    for (let guess = 0; guess < 12; guess++) await open(app, { token: `a.b.${guess}` });
    expect(await statusOf(app, { token: 'a.b.c' })).toBe(429);
    for (const shape of [
      { headers: { Authorization: `DPoP ${token}` } },
      withProof(token, await prove(token, {}, thiefs)),
    ]) {
      clock.advance(1001);
      expect(await open(app, shape)).not.toBe('open');
      expect(await own()).toBe('open');
    }
  });

  it('AN-10 has no id used up by another client', async () => {
    const { app, issue, prove, server } = await protect();
    const [token, other] = [await issue(), await server.issue({ to: 'bob', key: thiefs })];
    const claims = { jti: 'the-same' };
    expect(await open(app, withProof(other, await prove(other, { claims }, thiefs)))).toBe('open');
    // A thief's proof is refused before its id is looked at.
    expect(await statusOf(app, withProof(token, await prove(token, { claims }, thiefs)))).toBe(401);
    expect(await open(app, withProof(token, await prove(token, { claims })))).toBe('open');
  });

  it('AN-04 J30 opens nothing with two proofs, or beside another scheme', async () => {
    const { app, issue, prove } = await protect();
    const token = await issue();
    const [first, second] = [await prove(token), await prove(token)];
    const status = async (authorization: string, proofs: string[], protocols: string[] = []): Promise<number> => {
      const fields = withField(goodFields(app), 'Authorization', authorization);
      const offered =
        protocols.length === 0 ? [] : [['Sec-WebSocket-Protocol', ['json.v1', ...protocols].join(', ')] as const];
      const all = [...fields, ...proofs.map((proof) => ['DPoP', proof] as const), ...offered];
      return (await answerTo(app, { fields: all })).status;
    };
    expect(await status(`DPoP ${token}`, [first, second])).toBe(400);
    expect(await status(`DPoP ${token}`, [`${first}, ${second}`])).toBe(401);
    expect(await status(`DPoP ${token}`, [first], [`dpop.${second}`])).toBe(401);
    expect(await status(`DPoP ${token}`, [], [`dpop.${first}`, `dpop.${second}`])).toBe(401);
    expect(await status(`DPoP ${token}`, [''])).toBe(401);
    expect(await status(`Bearer ${token}`, [first])).toBe(401);
    expect(await status(`DPoP ${token}`, [first])).toBe(101);
  });

  it('AN-06 is bound to the address that clients know, as a listed proxy or publicUrl says', async () => {
    const proxied = await protect({}, { trustedProxies: { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } });
    const forwarded = { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'https' };
    const send = async (url: string): Promise<'open' | number> => {
      const token = await proxied.issue();
      const { headers } = withProof(token, await proxied.prove(token, { url }));
      return statusOf(proxied.app, { headers: { ...headers, ...forwarded } });
    };
    expect(await send(`wss://${proxied.app.host}/echo`)).toBe('open');
    expect(await send(`http://${proxied.app.host}/echo`)).toBe(401);

    const published = await protect({}, { publicUrl: 'wss://chat.example.com' });
    const token = await published.issue();
    const at = async (url: string): Promise<'open' | number> =>
      statusOf(published.app, withProof(token, await published.prove(token, { url })));
    expect(await at('https://chat.example.com/echo')).toBe('open');
    expect(await at('wss://CHAT.example.com:443/echo')).toBe('open');
    expect(await at(published.url)).toBe(401);
    expect(await at('https://chat.example.com/other')).toBe(401);
  });

  it('AN-06 takes a proof for a token that is bound to nothing as none, and refuses such tokens where it must', async () => {
    const lenient = await protect();
    const token = await lenient.server.issue();
    expect(await open(lenient.app, { token })).toBe('open');
    expect(await statusOf(lenient.app, withProof(token, await lenient.prove(token)))).toBe(401);
    const strict = await protect({ required: true });
    expect(await statusOf(strict.app, { token: await strict.server.issue() })).toBe(401);
    expect(failures(strict.app)).toEqual(['missing-proof']);
  });

  it('AN-11 opens nothing while its single use cannot be noted', async () => {
    const { app, issue, prove } = await protect();
    const token = await issue();
    const { SecureWsStore } = await import('@secure-ws/nestjs/store');
    await app.app.get(SecureWsStore).close();
    expect(await statusOf(app, withProof(token, await prove(token)))).toBe(503);
  });
});

describe('the nonce of the server', () => {
  it('AN-06 is told to who holds the key, and demanded in each proof', async () => {
    const { app, issue, prove, clock } = await protect({ nonce: { secret: randomBytes(32), maxAgeMs: 60_000 } });
    const token = await issue();
    const nonceOf = async (shape: ClientShape): Promise<unknown> => {
      const refusal = (await open(app, shape)) as Refusal;
      expect(refusal.status).toBe(401);
      return refusal.headers['dpop-nonce'];
    };
    // A thief learns nothing.
    expect(await nonceOf(withProof(token, await prove(token, {}, thiefs)))).toBeUndefined();
    const refusal = (await open(app, withProof(token, await prove(token)))) as Refusal;
    expect(refusal).toMatchObject({ status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"' } });
    const nonce = refusal.headers['dpop-nonce'];
    expect(nonce).toMatch(/^[\w-]{43}$/);
    expect(await open(app, withProof(token, await prove(token, { claims: { nonce } })))).toBe('open');
    expect(await nonceOf(withProof(token, await prove(token, { claims: { nonce: `${String(nonce)}x` } })))).toBe(nonce);
    clock.advance(120_000);
    const next = await nonceOf(withProof(token, await prove(token, { claims: { nonce } })));
    expect(next).not.toBe(nonce);
    expect(await open(app, withProof(token, await prove(token, { claims: { nonce: next } })))).toBe('open');
    expect(failures(app)).toEqual(['bad-proof', 'missing-nonce', 'missing-nonce', 'missing-nonce']);
  });

  it('AN-06 is taken under each secret of a list, so that one can be changed', async () => {
    const [old, next] = [randomBytes(32), randomBytes(32)];
    const refusedWith = async (secret: Buffer[]): Promise<unknown> => {
      const { app, issue, prove } = await protect({ nonce: { secret } });
      const token = await issue();
      return ((await open(app, withProof(token, await prove(token)))) as Refusal).headers['dpop-nonce'];
    };
    const [ofOld, ofNext] = [await refusedWith([old]), await refusedWith([next, old])];
    expect(ofOld).not.toBe(ofNext);
    const rotated = await protect({ nonce: { secret: [next, old] } });
    for (const nonce of [ofOld, ofNext]) {
      const token = await rotated.issue();
      const proof = await rotated.prove(token, { claims: { nonce } });
      expect(await open(rotated.app, withProof(token, proof))).toBe('open');
    }
  });

  it('AN-06 SL-09 is told to a client that renews its token in place, which may use it at once', async () => {
    const { app, issue, prove, clock, server } = await protect({ nonce: { secret: randomBytes(32), maxAgeMs: 2_000 } });
    const first = await issue();
    const told = (await open(app, withProof(first, await prove(first)))) as Refusal;
    const nonce = told.headers['dpop-nonce'];
    const shape = withProof(first, await prove(first, { claims: { nonce } }));
    const client = await connect(`${app.url}/echo`, { ...shape, protocols: ['secure-ws.v1'] });
    clock.advance(5_000);
    // By the clock of the test: the authorization server dates its own by that of the machine, where no second need have passed.
    const cnf = { jkt: await calculateJwkThumbprint(mine.jwk) };
    const iat = Math.floor(clock.now() / 1000);
    const claims = { iss: server.issuer, aud: 'chat', sub: 'alice', iat, exp: iat + 600, cnf };
    const token = await server.sign({ typ: 'at+jwt' }, claims);
    const renew = async (proved: Record<string, unknown>, key = mine) =>
      client.request('$auth', { token, dpop: await prove(token, { claims: proved }, key) });
    const late = await renew({ nonce });
    expect(late).toMatchObject({ data: { code: 'FORBIDDEN', reason: 'USE_DPOP_NONCE' } });
    const { details } = late.data as { details: { nonce: string } };
    expect(details.nonce).not.toBe(nonce);
    expect(await renew(details)).toMatchObject({ event: '$auth', data: { expiresInMs: expect.any(Number) as number } });
    // A thief learns nothing, and one free attempt is all there is.
    clock.advance(10_000);
    expect(await renew({}, thiefs)).toMatchObject({ data: { code: 'FORBIDDEN' } });
    expect(await renew({})).toMatchObject({ data: { code: 'THROTTLED' } });
    clock.advance(10_000);
    expect(await renew({})).toMatchObject({ data: { reason: 'USE_DPOP_NONCE' } });
    expect(await renew({})).toMatchObject({ data: { reason: 'USE_DPOP_NONCE' } });
    expect(await renew({})).toMatchObject({ data: { code: 'THROTTLED' } });
  });
});

describe('a token that is bound to a certificate', () => {
  let certificates: Awaited<ReturnType<typeof loadCertificate>>[];
  beforeAll(async () => {
    certificates = [await loadCertificate(undefined), await loadCertificate(undefined)];
  });

  it('AN-06 TR-04 opens a connection with the certificate alone', async () => {
    const server = await startAuthorizationServer();
    const app = await startApp({
      providers: [EchoGateway],
      https: { requestCert: true, rejectUnauthorized: false },
      options: { authentication: { oauth: { issuer: server.issuer, audience: 'chat' } } },
    });
    const [own, other] = certificates;
    const { raw } = new X509Certificate(own?.cert ?? '');
    const fingerprint = createHash('sha256').update(raw).digest('base64url');
    const now = Math.floor(Date.now() / 1000);
    const token = (cnf: unknown): Promise<string> =>
      server.sign({ typ: 'at+jwt' }, { iss: server.issuer, aud: 'chat', sub: 'alice', iat: now, exp: now + 300, cnf });
    const bound = await token({ 'x5t#S256': fingerprint });
    expect(await statusOf(app, { token: bound, ws: { ...own } })).toBe('open');
    expect(await statusOf(app, { token: bound, ws: { ...other } })).toBe(401);
    expect(await statusOf(app, { token: bound })).toBe(401);
    const cnfs = [{}, null, 'x', [], { 'x5t#S256': fingerprint, jwk: {} }, { kid: 'k' }, { 'x5t#S256': [fingerprint] }];
    for (const cnf of cnfs) expect(await statusOf(app, { token: await token(cnf), ws: { ...own } })).toBe(401);
    // Both are asked for where a token names both.
    const both = await token({ 'x5t#S256': fingerprint, jkt: 'x' });
    expect(await statusOf(app, { token: both, ws: { ...own } })).toBe(401);
    expect(failures(app).slice(0, 2)).toEqual(['bad-certificate', 'bad-certificate']);
  });

  it('AN-06 TR-04 opens a connection with the certificate that a listed proxy passes on, and with no other field', async () => {
    const [own, other] = certificates.map((one) => one?.cert ?? '');
    const jkt = certificateThumbprint(new X509Certificate(own ?? ''));
    const behind = (address: string, shape: AppShape = {}) =>
      startApp({
        ...shape,
        providers: [EchoGateway],
        options: {
          authentication: { jwt: TEST_JWT },
          handshake: {
            trustedProxies: {
              addresses: [address],
              header: 'x-real-ip',
              clientCertificate: { certificate: 'x-client-cert', verified: 'x-client-verify' },
            },
          },
        },
      });
    const app = await behind('127.0.0.1');
    const token = app.token({ cnf: { 'x5t#S256': jkt } });
    const through = (certificate: string | undefined, more = {}) => {
      const written = {
        ...(certificate !== undefined && { 'x-client-cert': encodeURIComponent(certificate) }),
        ...more,
      };
      const headers = { 'x-real-ip': '192.0.2.1', 'x-forwarded-proto': 'https', 'x-client-verify': 'NONE', ...written };
      return { token, headers };
    };
    expect(await statusOf(app, through(own))).toBe('open');
    expect(await statusOf(app, through(other))).toBe(401);
    expect(await statusOf(app, through(undefined))).toBe(401);
    expect(await statusOf(app, through(`${own}${other}`))).toBe(401);
    expect(await statusOf(app, through(undefined, { 'x-ssl-cert': encodeURIComponent(own ?? '') }))).toBe(401);
    // A client that comes around the proxy.
    expect(await statusOf(await behind('192.0.2.1', { https: true }), through(own))).toBe(401);
    expect(new Set(failures(app))).toEqual(new Set(['bad-certificate']));
    // It may be refreshed by a token that is bound to the same.
    const client = await connect(`${app.url}/echo`, { ...through(own), protocols: ['secure-ws.v1'] });
    const fresh = (thumbprint: string) => app.token({ cnf: { 'x5t#S256': thumbprint }, expiresInSeconds: 900 });
    expect(await client.request('$auth', { token: fresh(jkt) })).toMatchObject({ event: '$auth' });
  });
});

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const head = (header: object): string => encode({ typ: 'dpop+jwt', jwk: mine.jwk, ...header });

async function handmade(token: string, url: string, { header }: Partial<ProofShape>): Promise<string> {
  const [, claims = '', signature = ''] = (await dpopProof(mine, { url, token })).split('.');
  return `${head({ alg: 'ES256', ...header })}.${claims}.${signature}`;
}
