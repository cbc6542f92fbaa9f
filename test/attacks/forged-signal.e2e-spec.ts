import { request as httpRequest } from 'node:http';
import { Injectable } from '@nestjs/common';
import {
  createSharedSignalsController,
  type Principal,
  type RevalidatedRights,
  WsConnectionLifecycleService,
  WsRevalidator,
} from '@secure-ws/nestjs';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.js';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';
import { SystemClock } from '../../packages/nestjs/src/index.js';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const AUDIENCE = 'https://chat.example.com/signals';
const SET = { 'content-type': 'application/secevent+jwt', accept: 'application/json' };

async function protect(shape: AppShape = {}) {
  const server = await startAuthorizationServer();
  const { issuer, introspection } = server;
  const app = await startApp({
    ...shape,
    providers: [EchoGateway, ...(shape.providers ?? [])],
    controllers: [createSharedSignalsController()],
    options: {
      authentication: { oauth: { issuer, audience: 'chat', introspection, sharedSignals: { audience: AUDIENCE } } },
      ...shape.options,
    },
  });
  const open = async (to: 'alice' | 'bob') => connect(`${app.url}/echo`, { token: await server.issue({ to }) });
  return { app, server, open };
}

const seconds = (): number => Math.floor(Date.now() / 1000);
let lastId = 0;

/** What a transmitter says of alice. */
function claimsOf(server: AuthorizationServer, event = 'session-revoked', details: object = {}, changes: object = {}) {
  return {
    ...{ iss: server.issuer, aud: AUDIENCE, iat: seconds(), jti: `set-${++lastId}` },
    sub_id: { format: 'iss_sub', iss: server.issuer, sub: 'alice' },
    events: { [CAEP + event]: { event_timestamp: seconds(), ...details } },
    ...changes,
  };
}

const HEADER = { typ: 'secevent+jwt' };

const push = (app: RunningApp, body: string, headers: Record<string, string> = SET): Promise<Response> =>
  fetch(`${app.httpUrl}/shared-signals`, { method: 'POST', headers, body });

const openOnes = (app: RunningApp): string =>
  app.app
    .get(WsConnectionLifecycleService)
    .find()
    .map(({ principal }) => principal.id)
    .toSorted()
    .join(' ');

describe.each(['express', 'fastify'] as const)('shared signals, on %s', (platform) => {
  it.each<[what: string, event: string, details: object]>([
    ['a session that was revoked', 'session-revoked', {}],
    ['a password that was changed', 'credential-change', { change_type: 'update', credential_type: 'password' }],
    ['a key that was taken away', 'credential-change', { change_type: 'revoke', credential_type: 'fido2-roaming' }],
    ['claims that are others now', 'token-claims-change', { claims: { role: 'guest' } }],
  ])('SL-04 SL-05 close the sockets of whom they mean, and no other: %s', async (_what, event, details) => {
    const { app, server, open } = await protect({ platform });
    const [alice, bob] = [await open('alice'), await open('bob')];
    const answer = await push(app, await server.sign(HEADER, claimsOf(server, event, details)));

    expect([answer.status, await answer.text()]).toEqual([202, '']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    await alice.expectClose(4512);
    expect(await bob.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
    expect(app.events.ofType('ws.signal.received')).toMatchObject([{ signal: event, connections: 1 }]);
  });

  it('SL-04 refuses the token of the ended log-in afterwards, and lets a newer one in', async () => {
    const { app, server } = await protect({ platform });
    const token = await server.issue({ to: 'alice' });
    const claims = claimsOf(server, 'session-revoked', { event_timestamp: seconds() });
    expect((await push(app, await server.sign(HEADER, claims))).status).toBe(202);

    expect(await handshake(`${app.url}/echo`, { token })).toMatchObject({ status: 401 });
    expect(await handshake(`${app.url}/echo`, { token: await server.issue({ to: 'bob' }) })).toBe('open');
  });

  it('SL-04 leaves in peace who has logged in again since, were it a second later', async () => {
    const { app, server } = await protect({ platform });
    const at = seconds() - 20;
    const issue = (iat: number): Promise<string> =>
      server.sign({ typ: 'at+jwt' }, { iss: server.issuer, aud: 'chat', sub: 'alice', iat, exp: at + 300 });
    const [old, fresh] = [await issue(at), await issue(at + 1)];
    const before = await connect(`${app.url}/echo`, { token: old });
    const since = await connect(`${app.url}/echo`, { token: fresh });
    const change = { change_type: 'update', credential_type: 'password', event_timestamp: at };
    const claims = claimsOf(server, 'credential-change', change);
    expect((await push(app, await server.sign(HEADER, claims))).status).toBe(202);
    await before.expectClose(4512);

    expect(await since.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
    expect(await handshake(`${app.url}/echo`, { token: fresh })).toBe('open');
    expect(await handshake(`${app.url}/echo`, { token: old })).toMatchObject({ status: 401 });
  });

  it('takes complex subjects, sessions, tokens and aliases', async () => {
    const { app, server, open } = await protect({ platform });
    const { issuer: iss } = server;
    const subjects: readonly object[] = [
      { format: 'opaque', id: 'session-of-alice' },
      { format: 'complex', user: { format: 'iss_sub', iss, sub: 'alice' } },
      { format: 'complex', session: { format: 'opaque', id: 'session-of-alice' } },
      { user: { format: 'iss_sub', iss, sub: 'alice' }, tenant: { format: 'opaque', id: 't-1' } },
      {
        format: 'aliases',
        identifiers: [
          { format: 'email', email: 'a@b.example' },
          { format: 'iss_sub', iss, sub: 'bob' },
        ],
      },
    ];
    const received = () => app.events.ofType('ws.signal.received').length;
    for (const sub_id of subjects) {
      expect(
        (await push(app, await server.sign(HEADER, claimsOf(server, 'session-revoked', {}, { sub_id })))).status,
      ).toBe(202);
    }
    expect(received()).toBe(subjects.length);
    await expect(open('alice')).rejects.toThrow('refused with 401');
  });

  it('answers the verification of a stream, and what it does not know, and does nothing', async () => {
    const { app, server, open } = await protect({ platform });
    await open('alice');
    const of = (uri: string) =>
      claimsOf(server, '', {}, { sub_id: { format: 'opaque', id: 'x' }, events: { [uri]: {} } });
    for (const uri of ['https://schemas.openid.net/secevent/ssf/event-type/verification', `${CAEP}risk-level-change`]) {
      expect((await push(app, await server.sign(HEADER, of(uri)))).status).toBe(202);
    }

    expect(openOnes(app)).toBe('alice');
    expect(app.events.ofType('ws.signal.received')).toMatchObject([
      { signal: 'verification', connections: 0 },
      { signal: 'other', connections: 0 },
    ]);
  });

  it('SL-04 acts on a token once, and answers a replay as it did: nobody new is closed by it', async () => {
    const { app, server, open } = await protect({ platform });
    await open('alice');
    const token = await server.sign(
      HEADER,
      claimsOf(server, 'session-revoked', {}, { sub_id: { format: 'jwt_id', iss: server.issuer, jti: 'x' } }),
    );
    for (let i = 0; i < 3; i++) expect((await push(app, token)).status).toBe(202);

    expect(app.events.ofType('ws.signal.received')).toHaveLength(1);
    expect(app.events.ofType('ws.signal.refused')).toMatchObject([{ failure: 'replayed' }, { failure: 'replayed' }]);
    expect(openOnes(app)).toBe('alice');
  });

  it('SL-04 MO-02 has whose session ended, and who said so, on record as in the events of the user', async () => {
    const { app, server, open } = await protect({ platform });
    const alice = await open('alice');
    expect((await push(app, await server.sign(HEADER, claimsOf(server)))).status).toBe(202);
    await alice.expectClose(4512);

    const [{ principal } = {}] = app.events.ofType('ws.connection.opened');
    expect(principal).toEqual(expect.any(String));
    expect(app.events.ofType('ws.signal.received')).toMatchObject([{ issuer: server.issuer, principal }]);
  });

  it('SL-04 closes nobody by a token that is forged, for another, too old, or about somebody else; and says no more than it must', async () => {
    const { app, server, open } = await protect({ platform });
    const { issuer } = server;
    await open('alice');
    const good = (changes: object = {}) => claimsOf(server, 'session-revoked', {}, changes);
    const other = new TextEncoder().encode('a secret that is not a key of the server');
    const signed = (claims: object, header: object = HEADER) => server.sign({ ...HEADER, ...header }, { ...claims });
    const email = { format: 'email', email: 'alice@example.com' };
    const attacks: readonly (readonly [what: string, token: string, err: string, failure: string])[] = [
      ['nothing', '', 'invalid_request', 'missing'],
      ['no token', 'x.y', 'invalid_request', 'malformed'],
      ['a token of 20,000 bytes', 'x'.repeat(20_000), 'invalid_request', 'missing'],
      ['alg none', new UnsecuredJWT(good()).encode(), 'invalid_key', 'bad-algorithm'],
      ['HS256', await new SignJWT(good()).setProtectedHeader({ alg: 'HS256', ...HEADER }).sign(other), 'invalid_key', 'bad-algorithm'],
      ['an unknown key', await signed(good(), { kid: 'other' }), 'invalid_key', 'unknown-key'],
      ['a changed payload', (await signed(good())).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify(good({ sub_id: {} }))).toString('base64url')}.`), 'invalid_key', 'bad-signature'],
      ['another issuer', await signed(good({ iss: 'https://evil.example' })), 'invalid_issuer', 'bad-issuer'],
      ['another audience', await signed(good({ aud: 'https://other.example' })), 'invalid_audience', 'bad-audience'],
      ['no audience', await signed(good({ aud: undefined })), 'invalid_audience', 'bad-audience'],
      ['an access token', await server.issue({ to: 'alice' }), 'invalid_request', 'bad-type'],
      ['a log-out token', await signed(good(), { typ: 'logout+jwt' }), 'invalid_request', 'bad-type'],
      ['no type', await signed(good(), { typ: undefined }), 'invalid_request', 'bad-type'],
      ['an ID token', await signed(good({ nonce: 'n' })), 'invalid_request', 'bad-type'],
      ['an old one', await signed(good({ iat: seconds() - 3700 })), 'invalid_request', 'expired'],
      ['one that has ended', await signed(good({ exp: seconds() - 1 })), 'invalid_request', 'expired'],
      ['one of tomorrow', await signed(good({ iat: seconds() + 3600 })), 'invalid_request', 'not-yet-valid'],
      ['no date', await signed(good({ iat: undefined })), 'invalid_request', 'bad-claims'],
      ['no id', await signed(good({ jti: undefined })), 'invalid_request', 'bad-claims'],
      ['two events', await signed(good({ events: { [`${CAEP}session-revoked`]: {}, [`${CAEP}x`]: {} } })), 'invalid_request', 'bad-claims'],
      ['no event', await signed(good({ events: {} })), 'invalid_request', 'bad-claims'],
      ['an unknown change', await signed(claimsOf(server, 'credential-change', { change_type: 'x' })), 'invalid_request', 'bad-claims'],
      ['a subject of another issuer', await signed(good({ sub_id: { format: 'iss_sub', iss: 'https://evil.example', sub: 'alice' } })), 'invalid_request', 'bad-subject'],
      ['an unknown format', await signed(good({ sub_id: email })), 'invalid_request', 'bad-subject'],
      ['a list of strangers', await signed(good({ sub_id: { format: 'aliases', identifiers: [email] } })), 'invalid_request', 'bad-subject'],
      ['aliases without end', await signed(good({ sub_id: { format: 'aliases', identifiers: Array(11).fill({ format: 'iss_sub', iss: issuer, sub: 'alice' }) } })), 'invalid_request', 'bad-subject'],
      ['a part that nobody knows', await signed(good({ sub_id: { format: 'complex', user: email, session: { format: 'opaque', id: 'session-of-alice' } } })), 'invalid_request', 'bad-subject'],
      ['two subjects', await signed(claimsOf(server, 'session-revoked', { subject: { format: 'opaque', id: 'x' } })), 'invalid_request', 'bad-subject'],
      ['no subject', await signed(good({ sub_id: undefined })), 'invalid_request', 'bad-subject'],
    ]; // prettier-ignore
    for (const [what, token, err, failure] of attacks) {
      app.events.clear();
      const answer = await push(app, token);
      const body = (await answer.json()) as object;
      expect([what, answer.status, body]).toEqual([what, 400, { err, description: expect.any(String) as string }]);
      expect(JSON.stringify(body)).not.toMatch(/alice|evil|http/);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect([what, app.events.ofType('ws.signal.refused')]).toMatchObject([what, [{ failure, address: '127.0.0.1' }]]);
    }
    expect(openOnes(app)).toBe('alice');
  });

  it('SL-04 takes no other media type', async () => {
    const { app, server, open } = await protect({ platform });
    await open('alice');
    const token = await server.sign(HEADER, claimsOf(server));
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'application/jwt']) {
      const answer = await push(app, type === 'application/json' ? JSON.stringify({ token }) : token, {
        'content-type': type,
      });
      expect([400, 415]).toContain(answer.status);
    }

    expect(openOnes(app)).toBe('alice');
  });

  it('DR-06 holds no body that has no end, and no sender that sends none', async () => {
    const { app } = await protect({ platform });
    const answered = new Promise<number>((resolve, reject) => {
      const sender = httpRequest(`${app.httpUrl}/shared-signals`, { method: 'POST', headers: SET }, (response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
      });
      sender.on('error', reject);
      for (let i = 0; i < 5; i++) sender.write('x'.repeat(8000));
      // Never ended.
    });

    expect(await answered).toBe(400);
  });

  it('AN-10 has a sender wait whose tokens are refused over and over, and nobody else', async () => {
    const { app, server } = await protect({
      platform,
      options: { handshake: { trustedProxies: { header: 'x-forwarded-for', addresses: ['127.0.0.1'] } } },
    });
    const from = (address: string) => ({ ...SET, 'x-forwarded-for': address });
    const statuses = new Set<number>();
    for (let i = 0; i < 90; i++) statuses.add((await push(app, 'a.b.c', from('203.0.113.9'))).status);
    const token = await server.sign(HEADER, claimsOf(server));

    expect([...statuses]).toEqual([400, 429]);
    expect((await push(app, token, from('203.0.113.9'))).headers.get('retry-after')).toBe('60');
    const turnedAway = { failure: 'too-many-refused', owasp: 'excess_rate_limit_exceeded', address: '203.0.113.9' };
    expect(app.events.ofType('ws.signal.refused').at(-1)).toMatchObject(turnedAway);
    expect(app.events.ofType('ws.signal.refused')).toHaveLength(91);
    expect((await push(app, token, from('198.51.100.7'))).status).toBe(202);
  });

  it('AN-10 has nobody wait for the tokens of other customers of the same provider, who send from its addresses', async () => {
    const { app, server, open } = await protect({ platform });
    const alice = await open('alice');
    const statuses = new Set<number>();
    for (let i = 0; i < 90; i++) {
      const theirs = claimsOf(server, 'session-revoked', {}, { iss: 'https://mallory.id.example.com' });
      statuses.add((await push(app, await server.sign(HEADER, theirs))).status);
    }
    const token = await server.sign(HEADER, claimsOf(server));

    expect([...statuses]).toEqual([400]);
    expect((await push(app, token)).status).toBe(202);
    await alice.expectClose(4512);
  });

  it.each<[what: string, theirs: object]>([
    ['for another audience', { aud: 'https://mallory.example/signals' }],
    ['about whom nobody knows here', { sub_id: { format: 'email', email: 'a@b.example' } }],
    ['that come again', { jti: 'same' }],
  ])('AN-10 has nobody wait for signals that the provider itself has signed, %s', async (_, theirs) => {
    const { app, server, open } = await protect({ platform });
    const alice = await open('alice');
    const carol = { sub_id: { format: 'iss_sub', iss: server.issuer, sub: 'carol' } };
    const statuses = new Set<number>();
    for (let i = 0; i < 70; i++) {
      const claims = claimsOf(server, 'session-revoked', {}, { ...carol, ...theirs });
      statuses.add((await push(app, await server.sign(HEADER, claims))).status);
    }

    expect(statuses).not.toContain(429);
    expect((await push(app, await server.sign(HEADER, claimsOf(server)))).status).toBe(202);
    await alice.expectClose(4512);
  });

  it('DR-17 MO-02 answers 503 while the store does not, closes whom it means all the same, and takes the token later', async () => {
    const remote = new RemoteStore(new SystemClock());
    const { app, server, open } = await protect({ platform, options: { store: { shared: remote.store } } });
    const alice = await open('alice');
    const token = await server.sign(HEADER, claimsOf(server));
    const revoke = remote.memory.revoke.bind(remote.memory);
    remote.memory.revoke = () => {
      throw new Error('ECONNRESET');
    };
    expect((await push(app, token)).status).toBe(503);
    await alice.expectClose(4512);
    expect(app.events.ofType('ws.signal.received')).toEqual([]);
    // Whoever is called at night reads that it was not taken, and why.
    const untaken = { failure: 'unavailable', owasp: 'sys_crash', address: '127.0.0.1' };
    expect(app.events.ofType('ws.signal.refused')).toMatchObject([untaken]);
    const faults = app.log.lines.filter((line) => line.includes('WsSharedSignals.receive'));
    expect(faults).toEqual([expect.stringContaining('ECONNRESET')]);
    expect(faults.join()).not.toContain(token);
    remote.memory.revoke = revoke;

    expect((await push(app, token)).status).toBe(202);
    expect(app.events.ofType('ws.signal.refused')).toHaveLength(1);
    expect(app.events.ofType('ws.signal.received')).toMatchObject([{ connections: 0 }]);
  });

  it('SL-06 judge again by what the application knows, where claims have changed: who may stay stays with the new rights', async () => {
    const asked: string[] = [];
    @Injectable()
    class Directory extends WsRevalidator {
      override revalidate(principal: Principal): RevalidatedRights {
        asked.push(principal.id);
        return { roles: ['guest'] };
      }
    }
    const shape = {
      platform,
      providers: [Directory],
      options: { lifecycle: { revalidation: { revalidator: Directory } } },
    };
    const { app, server, open } = await protect(shape);
    const [alice] = [await open('alice'), await open('bob')];
    asked.length = 0;
    const claims = claimsOf(server, 'token-claims-change', { claims: { role: 'guest' } });
    expect((await push(app, await server.sign(HEADER, claims))).status).toBe(202);
    await until(() => asked.length > 0, 'somebody is asked');

    expect(asked).toEqual(['alice']);
    expect(await alice.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
    expect(app.events.ofType('ws.signal.received')).toMatchObject([{ signal: 'token-claims-change', connections: 1 }]);
  });
});

it('DP-02 a route for signals that nobody sends stops the boot', async () => {
  const problems = await bootProblems({ providers: [EchoGateway], controllers: [createSharedSignalsController()] });

  expect(problems).toContainEqual(expect.objectContaining({ where: 'createSharedSignalsController()' }));
});
