import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Principal,
  WsAuthorize,
  type WsPolicy,
  type WsPolicyContext,
  WsPrincipal,
  WsRevocationService,
} from '@secure-ws/nestjs';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Deferred, deferred } from '../support/deferred.js';
import { Text } from '../support/echo.gateway.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT, type TestClaims, testToken } from '../support/test-token.js';

/** Says yes to whoever has the role `reader`. */
class Readers implements WsPolicy {
  readonly asked: string[] = [];

  authorize({ principal }: WsPolicyContext): boolean {
    this.asked.push(principal.roles.join());
    return principal.roles.includes('reader');
  }
}

@WebSocketGateway({ path: '/desk' })
@WsAuthorize()
class DeskGateway {
  readonly ticks = new Subject<number>();
  readonly slow: Deferred<void>[] = [];

  @SubscribeMessage('echo')
  echo(@MessageBody() { text }: Text): Text {
    return { text };
  }

  @SubscribeMessage('whoami')
  whoami(@WsPrincipal() { roles, sessionId }: Principal) {
    return { roles, sessionId };
  }

  @SubscribeMessage('admin')
  @WsAuthorize({ roles: ['admin'] })
  admin(): string {
    return 'done';
  }

  @SubscribeMessage('admin.slow')
  @WsAuthorize({ roles: ['admin'] })
  async adminSlow(): Promise<string> {
    const wait = deferred();
    this.slow.push(wait);
    await wait.promise;
    return 'done';
  }

  @SubscribeMessage('ticks')
  ticksOf(): Subject<number> {
    return this.ticks;
  }

  @SubscribeMessage('admin.ticks')
  @WsAuthorize({ roles: ['admin'] })
  adminTicks(): Subject<number> {
    return this.ticks;
  }

  @SubscribeMessage('reader.ticks')
  @WsAuthorize(Readers)
  readerTicks(): Subject<number> {
    return this.ticks;
  }
}

interface Desk {
  readonly app: RunningApp;
  readonly clock: FakeClock;
  readonly gateway: DeskGateway;
}

async function start(shape: AppShape = {}): Promise<Desk> {
  const clock = new FakeClock(Date.now());
  const options = { ...shape.options, lifecycle: { pingIntervalMs: 3_600_000, ...shape.options?.lifecycle } };
  const app = await startApp({ providers: [DeskGateway, Readers], clock, ...shape, options });
  return { app, clock, gateway: app.app.get(DeskGateway) };
}

const open = ({ app }: Desk, claims: TestClaims = {}, protocols = ['secure-ws.v1']): Promise<Client> =>
  connect(`${app.url}/desk`, { token: app.token(claims), protocols });
const refresh = (client: Client, token: unknown) => client.request('$auth', { token });

describe('refresh in place', () => {
  it('SL-09 takes the place of the old identity without a gap, and the old end passes', async () => {
    const desk = await start();
    const client = await open(desk, { expiresInSeconds: 60 });
    desk.clock.advance(20_000);
    const answer = await refresh(client, desk.app.token({ expiresInSeconds: 600 }));
    expect(answer).toMatchObject({ event: '$auth', data: { expiresInMs: expect.any(Number) as number } });
    desk.clock.advance(50_000);
    expect(await client.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
    expect(desk.app.events.ofType('ws.connection.refreshed')).toMatchObject([
      { owasp: 'session_renewed', path: '/desk', method: 'jwt:message' },
    ]);
    desk.clock.advance(560_000);
    await client.expectClose(4001);
  });

  it('DR-04 F11 waits where as much is verified as may be at once, and is not lost for it', async () => {
    const gate = new GatedAuthenticator();
    const desk = await start({
      options: {
        authentication: { authenticators: [gate] },
        handshake: { origins: [], limits: { maxPending: 1, maxPendingPerAddress: 1 } },
      },
    });
    const admitted = async (): Promise<Client> => {
      const opening = open(desk);
      await until(() => gate.waiting === 1, 'the handshake waits');
      gate.admit('alice');
      return opening;
    };
    const clients = [await admitted(), await admitted()] as const;
    desk.clock.advance(2000);
    clients[0].send('$auth', { token: 'one' });
    await until(() => gate.waiting === 1, 'the first is verified');
    expectError(await refresh(clients[1], 'two'), 'THROTTLED');
    expect(gate.waiting).toBe(1);
    gate.refuse(new Error('no'));
    expectError(await clients[0].next(), 'FORBIDDEN');
    clients[1].send('$auth', { token: 'two' });
    await until(() => gate.waiting === 1, 'the second is verified');
  });

  it('SL-09 may also shorten the life of a connection', async () => {
    const desk = await start();
    const client = await open(desk, { expiresInSeconds: 600 });
    desk.clock.advance(2000);
    expect(await refresh(client, desk.app.token({ expiresInSeconds: 30 }))).toMatchObject({ event: '$auth' });
    desk.clock.advance(31_000);
    await client.expectClose(4001);
  });

  it('SL-09 tells the client in time, once for each identity, and only one that can refresh', async () => {
    const desk = await start();
    const plain = await open(desk, { expiresInSeconds: 300 }, ['json.v1']);
    const client = await open(desk, { expiresInSeconds: 300 });
    const short = await open(desk, { expiresInSeconds: 40 });
    desk.clock.advance(20_500);
    const { data } = await short.next('$refresh');
    expect((data as { expiresInMs: number }).expiresInMs).toBeGreaterThan(18_000);
    desk.clock.advance(220_000);
    expect((await client.next('$refresh')).data).toMatchObject({ expiresInMs: expect.any(Number) as number });
    desk.clock.advance(10_000);
    await refresh(client, desk.app.token({ expiresInSeconds: 300 }));
    expect(client.unread).toEqual([]);
    desk.clock.advance(241_000);
    expect(await client.next()).toMatchObject({ event: '$refresh' });
    expect(plain.unread).toEqual([]);
  });

  it('SL-07 does not lengthen the longest life of a connection', async () => {
    const desk = await start({ options: { lifecycle: { maxLifetimeMs: 100_000 } } });
    const client = await open(desk, { expiresInSeconds: 600 });
    for (let i = 0; i < 8; i++) {
      desk.clock.advance(11_000);
      expect(await refresh(client, desk.app.token({ expiresInSeconds: 600 }))).toMatchObject({ event: '$auth' });
    }
    desk.clock.advance(13_000);
    await client.expectClose(4002);
  });

  it('SL-11 roles hold for the next message, and for those that wait behind the refresh', async () => {
    const desk = await start();
    const client = await open(desk, { roles: ['admin'] });
    expect(await client.request('admin')).toMatchObject({ data: 'done' });
    desk.clock.advance(1000);
    client.send('$auth', { token: desk.app.token({ roles: ['guest'], sid: 's2' }) }, 1001);
    client.send('admin', undefined, 1002);
    client.send('whoami', undefined, 1003);
    expect(await client.next()).toMatchObject({ event: '$auth', id: 1001 });
    expectError(await client.next(), 'FORBIDDEN');
    expect(await client.next()).toMatchObject({ id: 1003, data: { roles: ['guest'], sessionId: 's2' } });
  });

  it('SL-11 what is on its way is judged again before it is answered, and does not run twice', async () => {
    const desk = await start({ options: { messages: { maxConcurrentHandlers: 4 } } });
    const [loses, keeps] = [await open(desk, { roles: ['admin'] }), await open(desk, { roles: ['admin'] })];
    for (const client of [loses, keeps]) client.send('admin.slow', undefined, 'slow');
    await until(() => desk.gateway.slow.length === 2, 'both handlers run');
    desk.clock.advance(1000);
    await refresh(loses, desk.app.token({ roles: ['guest'] }));
    await refresh(keeps, desk.app.token({ roles: ['admin', 'more'] }));
    for (const wait of desk.gateway.slow) wait.resolve();
    const refused = await loses.next();
    expectError(refused, 'FORBIDDEN');
    expect(refused.id).toBe('slow');
    expect(await keeps.next()).toEqual({ event: 'admin.slow', data: 'done', id: 'slow' });
    expect(desk.gateway.slow).toHaveLength(2);
  });

  it('SL-11 streams are judged again: those that may go on miss nothing, the others end with a refusal', async () => {
    const desk = await start();
    const client = await open(desk, { roles: ['admin', 'reader'] });
    for (const event of ['ticks', 'admin.ticks', 'reader.ticks'])
      client.send(event, undefined, event.replace('.', '-'));
    await until(() => desk.gateway.ticks.observed, 'the streams begin');
    expect(await client.request('echo', { text: 'begun' })).toMatchObject({ event: 'echo' });
    desk.gateway.ticks.next(1);
    for (let i = 0; i < 3; i++) expect((await client.next()).data).toBe(1);
    desk.clock.advance(1000);
    client.send('$auth', { token: desk.app.token({ roles: ['guest'] }) }, 'auth');
    const ended = [await client.next(), await client.next()];
    for (const frame of ended) expectError(frame, 'FORBIDDEN');
    expect(new Set(ended.map(({ id }) => id))).toEqual(new Set(['admin-ticks', 'reader-ticks']));
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'auth' });
    desk.gateway.ticks.next(2);
    expect(await client.next()).toEqual({ event: 'ticks', data: 2, id: 'ticks' });
    expect(client.unread).toEqual([]);
  });

  it('SL-04 SL-09 moves to another session: the log-out of the old one spares it, that of the new one does not', async () => {
    const desk = await start({ options: { handshake: { limits: { maxOpenPerSession: 1 } } } });
    const client = await open(desk, { sid: 's1' });
    desk.clock.advance(1000);
    expect(await refresh(client, desk.app.token({ sid: 's2' }))).toMatchObject({ event: '$auth' });
    // Its place in the old session is free, and the one in the new session taken.
    expect(await handshake(`${desk.app.url}/desk`, { token: desk.app.token({ sid: 's1' }) })).toBe('open');
    expect(await handshake(`${desk.app.url}/desk`, { token: desk.app.token({ sid: 's2' }) })).toMatchObject({
      status: 429,
    });
    const service = desk.app.app.get(WsRevocationService);
    expect(await service.logOut({ issuer: TEST_JWT.issuer, sessionId: 's1' })).toBe(0);
    expect(await client.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
    expect(await service.logOut({ issuer: TEST_JWT.issuer, sessionId: 's2' })).toBe(1);
    await client.expectClose(4512);
  });
});

describe('an attack on the refresh', () => {
  it('AN-16 J28 with the token of another subject closes with 4510', async () => {
    const desk = await start();
    const client = await open(desk);
    desk.clock.advance(1000);
    client.send('$auth', { token: desk.app.token({ sub: 'mallory' }) }, 1);
    expect(await client.expectClose(4510)).toEqual({ code: 4510, reason: 'subject-mismatch' });
    expect(client.unread).toEqual([]);
    expect(desk.app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'refresh-subject' }]);
  });

  const nowMs = Date.now();
  const before: TestClaims = { acr: '2', amr: ['pwd', 'otp'], auth_time: Math.floor(nowMs / 1000) - 60 };

  it.each<[string, (desk: Desk, first: string) => unknown]>([
    ['with the same token', (_desk, first) => first],
    ['with an older token', ({ clock }) => testToken({ ...before, nowMs: clock.now() - 60_000 })],
    ['with an expired token', ({ app }) => app.token({ ...before, expiresInSeconds: 0 })],
    ['with a token for another audience', ({ app }) => app.token({ ...before, aud: 'mail' })],
    ['with a lower level', ({ app }) => app.token({ ...before, acr: '1' })],
    ['with a method less', ({ app }) => app.token({ ...before, amr: ['pwd'] })],
    ['with an older log-in', ({ app }) => app.token({ ...before, auth_time: 1 })],
    ['with a forged token', ({ app }) => app.token({ ...before, secret: 'x'.repeat(40) })],
    ['with no token at all', () => 'nothing'],
    ['with an endless token', () => 'a'.repeat(16_385)],
  ])('AN-16 J28 SL-09 %s is refused with one answer, and changes nothing', async (_what, make) => {
    const desk = await start();
    const first = desk.app.token(before);
    const client = await connect(`${desk.app.url}/desk`, { token: first, protocols: ['secure-ws.v1'] });
    desk.clock.advance(11_000);
    const control = await refresh(client, 'a.b.c');
    desk.clock.advance(11_000);
    const token = make(desk, first);
    const refused = await refresh(client, token);
    if (String(token).length <= 16_384)
      expect({ ...(withoutCorrelation(refused) as object), id: 0 }).toEqual({
        ...(withoutCorrelation(control) as object),
        id: 0,
      });
    else expectError(refused, 'VALIDATION_FAILED');
    expect(desk.app.events.ofType('ws.connection.refreshed')).toEqual([]);
    expect(JSON.stringify(desk.app.events.events)).not.toContain(String(token));
    desk.clock.advance(11_000);
    expect(await refresh(client, desk.app.token(before))).toMatchObject({ event: '$auth' });
  });

  it('AN-16 with a token whose verification ends after that of a newer one is refused', async () => {
    const gates: Deferred<void>[] = [];
    let isSlow = false;
    const desk = await start({
      options: {
        authorization: { policyTimeoutMs: 30_000 },
        messages: { maxConcurrentHandlers: 2 },
        authentication: {
          jwt: {
            ...TEST_JWT,
            async principal({ sub, roles }) {
              if (isSlow) await gates[gates.push(deferred()) - 1]?.promise;
              return { id: String(sub), roles: roles as string[] };
            },
          },
        },
      },
    });
    const token = (jti: string): string => desk.app.token({ jti, roles: [jti] });
    const client = await open(desk, { jti: 'first', roles: [] });
    isSlow = true;
    desk.clock.advance(2000);
    client.send('$auth', { token: token('older') }, 1);
    await until(() => gates.length === 1, 'one token is verified');
    desk.clock.advance(11_000);
    client.send('$auth', { token: token('newer') }, 2);
    await until(() => gates.length === 2, 'two tokens are verified');
    gates[1]?.resolve();
    expect(await client.next()).toMatchObject({ event: '$auth', id: 2 });
    gates[0]?.resolve();
    expect(expectError(await client.next(), 'FORBIDDEN')).toBeDefined();
    isSlow = false;
    expect(await client.request('whoami')).toMatchObject({ data: { roles: ['newer'] } });
  });

  it('DR-23 AN-16 has one token in ten seconds verified', async () => {
    const desk = await start();
    const client = await open(desk);
    expectError(await refresh(client, 'a.b.c'), 'FORBIDDEN');
    desk.clock.advance(9000);
    const throttled = expectError(await refresh(client, desk.app.token()), 'THROTTLED');
    expect(throttled.retryAfterMs).toBe(1000);
    desk.clock.advance(1000);
    expect(await refresh(client, desk.app.token())).toMatchObject({ event: '$auth' });
  });

  it.each([[undefined], [null], [[]], ['token'], [{}], [{ token: 1 }], [{ token: '' }], [{ token: 't', more: 1 }]])(
    'MV-01 with the data %j has nothing verified',
    async (data) => {
      const desk = await start();
      const client = await open(desk);
      expectError(await client.request('$auth', data), 'VALIDATION_FAILED');
      desk.clock.advance(1000);
      expect(await refresh(client, desk.app.token())).toMatchObject({ event: '$auth' });
    },
  );

  it('AN-16 MV-19 where the protocol does not speak it closes the connection', async () => {
    const desk = await start();
    const client = await open(desk, {}, ['json.v1']);
    client.send('$auth', { token: desk.app.token() });
    await client.expectClose(1008);
    expect(desk.app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'foreign-event' }]);
  });

  it('SL-04 AN-16 with a revoked token, and while the store is away, is refused', async () => {
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const desk = await start({ options: { store: { shared: remote.store } } });
    const client = await open(desk);
    await desk.app.app.get(WsRevocationService).revokeToken({ issuer: TEST_JWT.issuer, tokenId: 't1' });
    desk.clock.advance(1000);
    expectError(await refresh(client, desk.app.token({ jti: 't1' })), 'FORBIDDEN');
    remote.calls.length = 0;
    desk.clock.advance(11_000);
    expect(await refresh(client, desk.app.token({ jti: 't2' }))).toMatchObject({ event: '$auth' });
    expect(remote.calls.filter((call) => call === 'admit')).toHaveLength(1);
  });
});
