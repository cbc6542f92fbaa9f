import { WebSocketGateway } from '@nestjs/websockets';
import {
  createBackChannelLogoutController,
  SecureGateway,
  SecureWsBootError,
  SystemClock,
  WsConnectionLifecycleService,
  WsRevocationService,
  WsTicketService,
} from '@secure-ws/nestjs';
import { describe, expect, it, vi } from 'vitest';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { SecureWsStoreError } from '../../packages/nestjs/src/store/index.js';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.js';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { APP_ORIGIN, type AppShape, bootFailure, type RunningApp, startApp } from '../support/start-app.js';

/** What a proxy says of the side that it does not share with the application. */
const VIA_TLS = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1' };
const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

async function protect(platform: 'express' | 'fastify' = 'express', options: AppShape['options'] = {}) {
  const server = await startAuthorizationServer();
  const { issuer, introspection } = server;
  const backChannelLogout = { clientId: ['alice', 'bob'] };
  const app = await startApp({
    platform,
    providers: [EchoGateway],
    controllers: [createBackChannelLogoutController()],
    options: { ...options, authentication: { oauth: { issuer, audience: 'chat', introspection, backChannelLogout } } },
  });
  return { app, server };
}

/** What the server itself sends when somebody logs out. */
async function logOut(
  { httpUrl }: RunningApp,
  { provider }: AuthorizationServer,
  id: string,
  sid: string,
): Promise<void> {
  // The types know the fields of its metadata, and not what the server calls itself.
  const client = (await provider.Client.find(id)) as unknown as {
    backchannelLogoutUri: string;
    backchannelLogout(sub: string, sid: string): Promise<void>;
  };
  client.backchannelLogoutUri = `${httpUrl}/backchannel-logout`;
  await client.backchannelLogout(id, sid);
}

const post = (app: RunningApp, fields: Record<string, string>, headers = {}): Promise<Response> =>
  fetch(`${app.httpUrl}/backchannel-logout`, { method: 'POST', body: new URLSearchParams(fields), headers });

const openOnes = (app: RunningApp): string =>
  app.app
    .get(WsConnectionLifecycleService)
    .find()
    .map(({ principal }) => principal.id)
    .toSorted()
    .join();

/** Waits until these are left. Those that were told to go are listed until they have gone. */
const left = (app: RunningApp, ids: string): Promise<void> => until(() => openOnes(app) === ids, `${ids} are left`);

/** Checks that a connection is not about to close either. */
async function expectOpen(...clients: (Client | undefined)[]): Promise<void> {
  for (const client of clients) {
    expect(await client?.request('echo', { text: 'still here' })).toMatchObject({ data: { text: 'still here' } });
  }
}

const logoutClaims = (issuer: string, changes: Record<string, unknown> = {}): Record<string, unknown> => {
  const now = Math.floor(Date.now() / 1000);
  const jti = crypto.randomUUID();
  const claims = { iss: issuer, aud: 'alice', iat: now, exp: now + 120, jti, events: EVENTS, sid: 'session-of-alice' };
  return JSON.parse(JSON.stringify({ ...claims, ...changes })) as Record<string, unknown>;
};

describe('a log-out at the authorization server', () => {
  it.each(['express', 'fastify'] as const)(
    'SL-04 closes every connection of that log-in, and no other one, on %s',
    async (platform) => {
      const { app, server } = await protect(platform);
      const open = (token: string): Promise<Client> => connect(`${app.url}/echo`, { token });
      const bob = await open(await server.issue({ to: 'bob' }));
      const alices = [await open(await server.issue()), await open(await server.issue())];
      await logOut(app, server, 'bob', 'session-of-another');
      await expectOpen(bob, ...alices);
      // What this server says about an opaque token names no session.
      alices.push(await open(await server.issue({ format: 'opaque' })));
      await logOut(app, server, 'alice', 'session-of-alice');
      for (const client of alices) await client.expectClose(4512);
      await expectOpen(bob);
    },
  );

  it('SL-04 ends whatever a subject has open where no session is named, and where the tokens name none', async () => {
    const { app, server } = await protect();
    const { issuer } = server;
    const now = Math.floor(Date.now() / 1000);
    const nameless = { iss: issuer, aud: 'chat', sub: 'alice', iat: now, exp: now + 300 };
    const tokens = [
      await server.sign({ typ: 'at+jwt' }, nameless),
      await server.issue(),
      await server.issue({ to: 'bob' }),
    ];
    const clients = await Promise.all(tokens.map((token) => connect(`${app.url}/echo`, { token })));
    const tell = async (changes: object): Promise<number> =>
      (
        await post(app, {
          logout_token: await server.sign({ typ: 'logout+jwt' }, logoutClaims(issuer, { ...changes })),
        })
      ).status;
    // Of a session alone nobody can tell whose it is: a token that names none may not be of it.
    expect(await tell({ sid: 'session-of-another' })).toBe(200);
    await expectOpen(...clients);
    expect(await tell({ sub: 'alice', sid: 'session-of-another' })).toBe(200);
    await left(app, 'alice,bob');
    await expectOpen(clients[1], clients[2]);
    expect(await tell({ sub: 'alice', sid: undefined })).toBe(200);
    await left(app, 'bob');
    await expectOpen(clients[2]);
  });
});

describe('what came with a log-in that has ended', () => {
  const nameless = ({ issuer, sign }: AuthorizationServer): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    return sign({ typ: 'at+jwt' }, { iss: issuer, aud: 'chat', sub: 'alice', iat: now, exp: now + 300 });
  };
  const tell = async (app: RunningApp, server: AuthorizationServer, changes: object): Promise<number> => {
    const claims = logoutClaims(server.issuer, { ...changes });
    return (await post(app, { logout_token: await server.sign({ typ: 'logout+jwt' }, claims) })).status;
  };

  it('SL-04 does not come back with a token that names no session', async () => {
    const { app, server } = await protect();
    const token = await nameless(server);
    const client = await connect(`${app.url}/echo`, { token });
    expect(await tell(app, server, { sub: 'alice' })).toBe(200);
    await client.expectClose(4512);
    await expect(connect(`${app.url}/echo`, { token })).rejects.toThrow('401');
    await expectOpen(await connect(`${app.url}/echo`, { token: await server.issue({ to: 'bob' }) }));
  });

  it('SL-04 ends on every node, whatever the application has made of its claims', async () => {
    const server = await startAuthorizationServer();
    const remote = new RemoteStore(new SystemClock());
    const node = (): Promise<RunningApp> =>
      startApp({
        providers: [EchoGateway],
        controllers: [createBackChannelLogoutController()],
        options: {
          store: { shared: remote.store },
          authentication: {
            oauth: {
              ...{ issuer: server.issuer, audience: 'chat', backChannelLogout: { clientId: 'alice' } },
              principal: ({ sub }) => ({ id: `user of ${String(sub)}`, sessionId: `mine of ${String(sub)}` }),
            },
          },
        },
      });
    const [here, there] = [await node(), await node()];
    const [named, unnamed] = [await server.issue(), await nameless(server)];
    const clients = [];
    for (const { url } of [here, there])
      for (const token of [named, unnamed]) clients.push(await connect(`${url}/echo`, { token }));
    expect(await tell(here, server, { sub: 'alice' })).toBe(200);
    for (const client of clients) await client.expectClose(4512);
    for (const { url } of [here, there])
      for (const token of [named, unnamed]) await expect(connect(`${url}/echo`, { token })).rejects.toThrow('401');
  });

  it('SL-04 J26 is not what has begun since, however late the token comes', async () => {
    const { app, server } = await protect();
    const client = await connect(`${app.url}/echo`, { token: await server.issue() });
    const old = Math.floor(Date.now() / 1000) - 60;
    expect(await tell(app, server, { sub: 'alice', sid: undefined, iat: old })).toBe(200);
    await expectOpen(client);
  });

  it('SL-04 J26 is not what its server has issued since, were it a second later; nor does what is of the same second stay', async () => {
    const { app, server } = await protect();
    const iat = Math.floor(Date.now() / 1000);
    const issue = (issuedAt: number, sub: string): Promise<string> =>
      server.sign({ typ: 'at+jwt' }, { iss: server.issuer, aud: 'chat', sub, iat: issuedAt, exp: iat + 300 });
    const open = async (token: string): Promise<Client> => connect(`${app.url}/echo`, { token });
    const [same, since] = [await issue(iat - 20, 'alice'), await issue(iat - 19, 'alice')];
    const [ended, stays] = [await open(same), await open(since)];
    expect(await tell(app, server, { sub: 'alice', sid: undefined, iat: iat - 20 })).toBe(200);
    await ended.expectClose(4512);
    await expectOpen(stays, await open(since));
    await expect(open(same)).rejects.toThrow('401');
    // Of a session: tokens of its subject that name none.
    const [old, fresh] = [await open(await issue(iat - 20, 'bob')), await open(await issue(iat - 19, 'bob'))];
    expect(await tell(app, server, { sub: 'bob', sid: 'session-of-bob', iat: iat - 20 })).toBe(200);
    await old.expectClose(4512);
    await expectOpen(fresh);
  });

  it('SL-04 is what a server has issued whose clock is ahead of ours, before it told of the log-out', async () => {
    const { app, server } = await protect();
    const ahead = Math.floor(Date.now() / 1000) + 25;
    const claims = { iss: server.issuer, aud: 'chat', sub: 'alice', iat: ahead - 5, exp: ahead + 300 };
    const client = await connect(`${app.url}/echo`, { token: await server.sign({ typ: 'at+jwt' }, claims) });
    expect(await tell(app, server, { sub: 'alice', sid: undefined, iat: ahead })).toBe(200);
    await client.expectClose(4512);
  });

  it('SL-04 AN-05 is the ticket of a little later, which this server dates by a clock of its own, and not that of a token of later', async () => {
    const server = await startAuthorizationServer();
    const { issuer } = server;
    const oauth = { issuer, audience: 'chat', backChannelLogout: { clientId: 'alice' } };
    const app = await startApp({
      providers: [EchoGateway],
      controllers: [createBackChannelLogoutController()],
      options: { authentication: { tickets: {}, oauth } },
    });
    const iat = Math.floor(Date.now() / 1000) - 20;
    const open = async (principal: object): Promise<Client> => {
      const tickets = app.app.get(WsTicketService);
      const { ticket } = await tickets.issue({ issuer, id: 'alice', ...principal }, { origin: APP_ORIGIN });
      return connect(`${app.url}/echo`, { origin: APP_ORIGIN, protocols: ['json.v1', `ticket.${ticket}`] });
    };
    const issuedAt = (iat + 1) * 1000;
    const claims = { iss: issuer, sub: 'alice', iat: iat + 1 };
    const ended = [await open({ issuedAt }), await open({ issuedAt, claims: { sub: 'alice' } })];
    const stays = await open({ issuedAt, claims });
    expect(await tell(app, server, { sub: 'alice', sid: undefined, iat })).toBe(200);
    for (const client of ended) await client.expectClose(4512);
    await expectOpen(stays);
  });

  it('SL-04 AN-05 is the connection of a ticket whose principal has no claims', async () => {
    const server = await startAuthorizationServer();
    const oauth = { issuer: server.issuer, audience: 'chat', backChannelLogout: { clientId: 'alice' } };
    const authentication = { tickets: {}, oauth };
    const controllers = [createBackChannelLogoutController()];
    const app = await startApp({ providers: [EchoGateway], controllers, options: { authentication } });
    const principal = { issuer: server.issuer, id: 'alice' };
    const { ticket } = await app.app.get(WsTicketService).issue(principal, { origin: APP_ORIGIN });
    const protocols = ['json.v1', `ticket.${ticket}`];
    const client = await connect(`${app.url}/echo`, { origin: APP_ORIGIN, protocols });
    expect(await tell(app, server, { sub: 'alice', sid: undefined })).toBe(200);
    await client.expectClose(4512);
  });

  it('SL-04 AN-11 is gone once the server comes again, whichever answer of the store was lost', async () => {
    const { app, server } = await protect();
    const store = app.app.get(SecureWsRuntime).store;
    const client = await connect(`${app.url}/echo`, { token: await server.issue() });
    const send = async (token: string): Promise<number> => (await post(app, { logout_token: token })).status;
    const sign = (sid: string): Promise<string> =>
      server.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer, { sid }));
    const lose = () =>
      vi.spyOn(store, 'admit').mockImplementationOnce(() => {
        throw new SecureWsStoreError('unavailable');
      });
    const ofAlice = await sign('session-of-alice');
    lose();
    expect(await send(ofAlice)).toBe(503);
    await client.expectClose(4512);
    expect([await send(ofAlice), await send(ofAlice)]).toEqual([200, 400]);
    vi.spyOn(store, 'revoke').mockImplementationOnce(() => {
      throw new SecureWsStoreError('full');
    });
    const ofBob = await sign('session-of-bob');
    expect([await send(ofBob), await send(ofBob), await send(ofBob)]).toEqual([503, 200, 400]);
    await expect(connect(`${app.url}/echo`, { token: await server.issue({ to: 'bob' }) })).rejects.toThrow('401');
  });

  it('SL-04 is told to a gateway that has a client of its own at the same server', async () => {
    const server = await startAuthorizationServer();
    const { issuer } = server;
    const oauthOf = (clientId: string) => ({ oauth: { issuer, audience: 'chat', backChannelLogout: { clientId } } });

    @SecureGateway({ authentication: oauthOf('bob') })
    @WebSocketGateway({ path: '/desk' })
    class DeskGateway {}

    const app = await startApp({
      providers: [EchoGateway, DeskGateway],
      controllers: [createBackChannelLogoutController()],
      options: { authentication: oauthOf('alice') },
    });
    const client = await connect(`${app.url}/desk`, { token: await server.issue({ to: 'bob' }) });
    expect(await tell(app, server, { aud: 'bob', sid: 'session-of-bob' })).toBe(200);
    await client.expectClose(4512);
    expect(await tell(app, server, { aud: 'carol' })).toBe(400);
    expect(app.events.ofType('ws.logout.refused')).toMatchObject([{ failure: 'bad-audience', address: '127.0.0.1' }]);
  });

  it('SL-04 is taken where a gateway alone asks for it, and stops the boot where nobody does', async () => {
    const server = await startAuthorizationServer();
    const { issuer } = server;

    @SecureGateway({ authentication: { oauth: { issuer, audience: 'chat', backChannelLogout: { clientId: 'bob' } } } })
    @WebSocketGateway({ path: '/desk' })
    class DeskGateway {}

    const controllers = [createBackChannelLogoutController()];
    const app = await startApp({ providers: [EchoGateway, DeskGateway], controllers });
    const client = await connect(`${app.url}/desk`, { token: await server.issue({ to: 'bob' }) });
    expect(await tell(app, server, { aud: 'bob', sid: 'session-of-bob' })).toBe(200);
    await client.expectClose(4512);
    expect(await bootProblems({ providers: [EchoGateway], controllers })).toMatchObject([
      { where: 'createBackChannelLogoutController()', fix: expect.stringContaining('backChannelLogout') as string },
    ]);
  });
});

describe('a log-out token', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['of another type', { typ: 'JWT' }, {}],
    ['without a type', { typ: undefined }, {}],
    ['that is an access token', { typ: 'at+jwt' }, {}],
    ['with a nonce, as an ID token has', {}, { nonce: 'n' }],
    ['without an event', {}, { events: undefined }],
    [
      'with another event',
      {},
      { events: { 'https://schemas.openid.net/secevent/risc/event-type/account-disabled': {} } },
    ],
    ['with an event that is no object', {}, { events: { 'http://schemas.openid.net/event/backchannel-logout': true } }],
    ['for another client', {}, { aud: 'billing' }],
    ['for nobody', {}, { aud: undefined }],
    ['of another issuer', {}, { iss: 'https://evil.example' }],
    ['without an id', {}, { jti: undefined }],
    ['without a date', {}, { iat: undefined }],
    ['without an end', {}, { exp: undefined }],
    ['that has ended', {}, { exp: 1 }],
    ['of long ago', {}, { iat: Math.floor(Date.now() / 1000) - 3_600 }],
    ['of tomorrow', {}, { iat: Math.floor(Date.now() / 1000) + 86_400 }],
    ['of no session and no subject', {}, { sid: undefined }],
    ['of a session that is no text', {}, { sid: ['session-of-alice'] }],
  ])('SL-04 J15 %s closes nothing', async (_, header, changes) => {
    const { app, server } = await protect();
    const client = await connect(`${app.url}/echo`, { token: await server.issue() });
    app.events.clear();
    const token = await server.sign({ typ: 'logout+jwt', ...header }, logoutClaims(server.issuer, changes));
    const response = await post(app, { logout_token: token });
    expect(response.status).toBe(400);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ error: 'invalid_request' });
    await expectOpen(client);
    expect(app.events.ofType('ws.logout.refused')).toHaveLength(1);
    expect(JSON.stringify(app.events.events)).not.toContain(token);
  });

  it('SL-04 J04 of a stranger closes nothing, and neither does one that is none', async () => {
    const { app, server } = await protect();
    const stranger = await startAuthorizationServer();
    const client = await connect(`${app.url}/echo`, { token: await server.issue() });
    const forged = await stranger.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer));
    for (const fields of [{ logout_token: forged }, { logout_token: 'a.b.c' }, { logout_token: '' }, { other: 'x' }]) {
      expect((await post(app, fields as Record<string, string>)).status).toBe(400);
    }
    const twice = await fetch(`${app.httpUrl}/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `logout_token=${forged}&logout_token=${forged}`,
    });
    expect(twice.status).toBe(400);
    await expectOpen(client);
  });

  it.each(['express', 'fastify'] as const)(
    'SL-04 MO-02 that is refused is told of with the address that the proxy says: %s',
    async (platform) => {
      const trustedProxies = { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } as const;
      const { app } = await protect(platform, { handshake: { trustedProxies } });
      const said = { 'x-forwarded-for': '203.0.113.7' };
      expect((await post(app, { logout_token: 'a.b.c' }, said)).status).toBe(400);
      expect(app.events.ofType('ws.logout.refused')).toMatchObject([{ address: '203.0.113.7' }]);
    },
  );

  it.each(['express', 'fastify'] as const)(
    'AN-10 MO-02 that is forged has its sender wait, over and over, and nobody else: %s',
    async (platform) => {
      const trustedProxies = { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } as const;
      const { app, server } = await protect(platform, { handshake: { trustedProxies } });
      const client = await connect(`${app.url}/echo`, { token: await server.issue(), headers: VIA_TLS });
      const stranger = await startAuthorizationServer();
      const forged = await stranger.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer));
      const from = (address: string) => ({ 'x-forwarded-for': address });
      const statuses = new Set<number>();
      for (let i = 0; i < 90; i++)
        statuses.add((await post(app, { logout_token: forged }, from('203.0.113.9'))).status);
      const token = await server.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer));
      const waits = await post(app, { logout_token: token }, from('203.0.113.9'));

      expect([...statuses]).toEqual([400, 429]);
      expect([waits.status, waits.headers.get('retry-after')]).toEqual([429, '60']);
      expect(await waits.json()).toEqual({ error: 'temporarily_unavailable' });
      const turnedAway = { failure: 'too-many-refused', owasp: 'excess_rate_limit_exceeded', address: '203.0.113.9' };
      expect(app.events.ofType('ws.logout.refused').at(-1)).toMatchObject(turnedAway);
      expect((await post(app, { logout_token: token }, from('198.51.100.7'))).status).toBe(200);
      await client.expectClose(4512);
    },
  );

  it('SL-04 MO-02 is answered as done where it is done and cannot be noted, which is logged', async () => {
    const { app, server } = await protect();
    const store = app.app.get(SecureWsRuntime).store;
    const client = await connect(`${app.url}/echo`, { token: await server.issue() });
    const revoke = store.revoke.bind(store);
    vi.spyOn(store, 'revoke').mockImplementation((revocations) => {
      if (revocations.some(({ key }) => key.startsWith('notice:'))) throw new SecureWsStoreError('full');
      return revoke(revocations);
    });
    const token = await server.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer));
    expect((await post(app, { logout_token: token })).status).toBe(200);
    await client.expectClose(4512);
    expect(app.events.ofType('ws.logout.refused')).toEqual([]);
    expect(app.log.lines.filter((line) => line.includes('WsBackChannelLogout.receive'))).toHaveLength(1);
  });

  it('SL-04 J26 is good once: deliveries at one moment are one, and no replay does anything, however many come at once', async () => {
    const { app, server } = await protect();
    const endSession = vi.spyOn(app.app.get(WsRevocationService), 'endSession');
    const token = await server.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer));
    const send = () =>
      Promise.all(Array.from({ length: 50 }, async () => (await post(app, { logout_token: token })).status));
    const first = await send();
    expect(first).toContain(200);
    expect(new Set([...first, 200, 400])).toEqual(new Set([200, 400]));
    expect(await send()).toEqual(Array(50).fill(400));
    expect(endSession).toHaveBeenCalledTimes(1);
    // What has ended does not come back with its token; others come and stay.
    const ended = connect(`${app.url}/echo`, { token: await server.issue() });
    await expect(ended).rejects.toThrow('401');
    const client = await connect(`${app.url}/echo`, { token: await server.issue({ to: 'bob' }) });
    expect((await post(app, { logout_token: token })).status).toBe(400);
    await expectOpen(client);
  });

  it('AN-11 MO-02 is answered 503 while nobody knows the keys, so that the server comes again, and is told of', async () => {
    const { app, server } = await protect();
    server.setAway(true);
    const token = await server.sign({ typ: 'logout+jwt' }, logoutClaims(server.issuer));
    const response = await post(app, { logout_token: token });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: 'temporarily_unavailable' });
    const untaken = { failure: 'unavailable', owasp: 'sys_crash' };
    expect(app.events.ofType('ws.logout.refused')).toMatchObject([untaken]);
    const faults = app.log.lines.filter((line) => line.includes('WsBackChannelLogout.receive'));
    expect(faults).toEqual([expect.stringContaining('IdentityProviderError')]);
    expect(faults.join()).not.toContain(token);
  });

  it('DP-01 has no route where no server is known that sends it', async () => {
    const failure = await bootFailure({
      providers: [EchoGateway],
      controllers: [createBackChannelLogoutController({ path: 'out' })],
    });
    expect(failure).toBeInstanceOf(SecureWsBootError);
    expect(String(failure)).toContain('authentication.oauth.backChannelLogout');
  });
});
