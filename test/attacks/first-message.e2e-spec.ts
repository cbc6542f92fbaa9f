import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import {
  handshakePrincipal,
  type PrincipalInput,
  SecureGateway,
  UseHandshakeGuards,
  WsAuthenticator,
  WsAuthorize,
  WsConnectionLifecycleService,
  type WsCredential,
  WsRevocationService,
} from '@secure-ws/nestjs';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server } from 'ws';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConnectionAcceptor } from '../../packages/nestjs/src/adapter/connection-acceptor.js';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { bootProblems } from '../support/boot-problems.js';
import { Text } from '../support/echo.gateway.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { FakeClock } from '../support/fake-clock.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { APP_ORIGIN, type AppShape, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@SecureGateway({ firstMessage: true })
@WebSocketGateway({ path: '/late' })
@WsAuthorize()
class LateGateway {
  @WebSocketServer() server!: Server;
  connections = 0;
  readonly handled: string[] = [];

  handleConnection(): void {
    this.connections += 1;
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() { text }: Text): Text {
    this.handled.push(text);
    return { text };
  }
}

async function start(shape: AppShape = {}) {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [LateGateway], clock, ...shape });
  return { app, clock, gateway: app.app.get(LateGateway) };
}

const open = ({ url }: RunningApp, protocols: string[] = []): Promise<Client> =>
  connect(`${url}/late`, { origin: APP_ORIGIN, protocols });
const reasonsOf = ({ events }: RunningApp) =>
  events.ofType('ws.handshake.refused').map(({ reason, failure }) => failure ?? reason);

describe('a client that sends its token as its first message', () => {
  it.each([[[]], [['json.v1']], [['secure-ws.v1']]])('AN-01 is connected once it has (%j)', async (protocols) => {
    const { app, gateway } = await start();
    const client = await open(app, protocols);
    expect(gateway.connections).toBe(0);
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(0);
    expect(await client.request('$auth', { token: app.token() })).toMatchObject({
      event: '$auth',
      data: { expiresInMs: expect.any(Number) as number },
    });
    expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
    expect(gateway.connections).toBe(1);
    expect(app.events.ofType('ws.connection.opened')).toMatchObject([
      { method: 'jwt:message', owasp: 'authn_login_success' },
    ]);
  });

  it('AN-01 may still bring it with the handshake', async () => {
    const { app } = await start();
    const client = await connect(`${app.url}/late`, { token: app.token() });
    expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
  });

  it('SL-01 ends with its token, and counts among the connections of its principal', async () => {
    const { app, clock } = await start({ options: { handshake: { limits: { maxOpenPerPrincipal: 1 } } } });
    const [first, second] = [await open(app), await open(app)];
    await first.request('$auth', { token: app.token({ expiresInSeconds: 20 }) });
    second.send('$auth', { token: app.token() });
    await second.expectClose(4508);
    clock.advance(21_000);
    await first.expectClose(4001);
    const third = await open(app);
    expect(await third.request('$auth', { token: app.token() })).toMatchObject({ event: '$auth' });
  });

  it('HS-21 is asked for by the guards of the gateway, who know by then who it is', async () => {
    const seen: string[] = [];
    @Injectable()
    class OnlyBob implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const { id } = handshakePrincipal(context.switchToHttp().getRequest<IncomingMessage>());
        seen.push(id);
        return id === 'bob';
      }
    }
    @UseHandshakeGuards(OnlyBob)
    @SecureGateway({ firstMessage: true })
    @WebSocketGateway({ path: '/late' })
    @WsAuthorize()
    class Guarded extends LateGateway {}
    const { app } = { app: await startApp({ providers: [Guarded, OnlyBob] }) };
    const [bob, alice] = [await open(app), await open(app)];
    expect(await bob.request('$auth', { token: app.token({ sub: 'bob' }) })).toMatchObject({ event: '$auth' });
    alice.send('$auth', { token: app.token() });
    await alice.expectClose(4403);
    expect(seen).toEqual(['bob', 'alice']);
  });
});

describe('an attack on the first message', () => {
  it.each<[string, (app: RunningApp) => string, string]>([
    ['a forged token', () => 'a.b.c', 'malformed'],
    ['an expired token', (app) => app.token({ expiresInSeconds: 0 }), 'expired'],
    ['a token for another audience', (app) => app.token({ aud: 'mail' }), 'bad-audience'],
  ])('AN-01 AN-09 %s closes with 4401, and is audited like any other', async (_what, make, failure) => {
    const { app, gateway } = await start();
    const client = await open(app);
    client.send('$auth', { token: make(app) }, 1);
    expect(await client.expectClose(4401)).toEqual({ code: 4401, reason: 'unauthenticated' });
    expect(client.unread).toEqual([]);
    expect(reasonsOf(app)).toEqual([failure]);
    expect(gateway.connections).toBe(0);
  });

  it.each<[string, (client: Client, app: RunningApp) => void]>([
    ['another event', (client) => client.send('echo', { text: 'x' }, 1)],
    ['no JSON', (client) => client.sendRaw('{')],
    ['no envelope', (client) => client.sendRaw('[]')],
    ['a binary frame', (client) => client.sendRaw(Buffer.from('{}'))],
    ['no token', (client) => client.send('$auth')],
    ['more than a token', (client, app) => client.send('$auth', { token: app.token(), more: 1 })],
    [
      'an event behind it, before its answer',
      (client, app) => {
        client.send('$auth', { token: app.token() });
        client.send('echo', { text: 'early' });
      },
    ],
    [
      'two tokens',
      (client, app) => {
        client.send('$auth', { token: app.token() });
        client.send('$auth', { token: app.token() });
      },
    ],
    [
      'a flood of pings',
      (client) => {
        for (let i = 0; i < 100; i++) client.socket.ping();
      },
    ],
  ])('AN-01 %s closes with 1008, and reaches no handler', async (_what, attack) => {
    const gate = new GatedAuthenticator();
    const { app, gateway } = await start({ options: { authentication: { authenticators: [gate] } } });
    const client = await open(app);
    attack(client, app);
    await client.expectClose(1008);
    gate.admit('alice');
    expect(gateway.handled).toEqual([]);
    expect(gateway.connections).toBe(0);
    expect(reasonsOf(app)).toEqual(['first-message-event']);
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(0);
  });

  it.each<[string, (client: Client) => void]>([
    ['a message of more than 4 KiB', (client) => client.send('$auth', { token: 'a'.repeat(4096) })],
    ['one of 60 KiB', (client) => client.send('$auth', { token: 'a'.repeat(60_000) })],
    [
      'one in many fragments',
      (client) => {
        for (let i = 0; i < 20; i++) client.socket.send('a'.repeat(1000), { fin: false });
      },
    ],
  ])('DR-04 %s closes with 1009', async (_what, attack) => {
    const { app } = await start();
    const client = await open(app);
    attack(client);
    await client.expectClose(1009);
    expect(reasonsOf(app)).toEqual(['first-message-size']);
  });

  it('AN-01 silence closes with 4031 after five seconds, and a slow message does not help', async () => {
    const { app, clock } = await start();
    const [silent, slow] = [await open(app), await open(app)];
    slow.socket.send('{"event":"$auth"', { fin: false });
    clock.advance(4900);
    expect(silent.socket.readyState).toBe(1);
    clock.advance(400);
    for (const client of [silent, slow])
      expect(await client.expectClose(4031)).toMatchObject({ reason: 'authentication-timeout' });
    expect(reasonsOf(app)).toEqual(['first-message-timeout', 'first-message-timeout']);
  });

  it('DR-04 an address has five such sockets that are verified, and its place again when one is connected or gone', async () => {
    const gate = new GatedAuthenticator();
    const { app } = await start({ options: { authentication: { authenticators: [gate] } } });
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => open(app)));
    for (const client of clients) client.send('$auth', { token: 'any' });
    await until(() => gate.waiting === 5, 'all of them are verified');
    const refused = await handshake(`${app.url}/late`, { origin: APP_ORIGIN });
    expect(refused).toMatchObject({ status: 429 });
    expect(reasonsOf(app)).toEqual(['first-message-limit']);
    gate.admit('alice');
    await until(() => app.app.get(LateGateway).server.clients.size === 5, 'they are connected');
    const last = await open(app);
    last.send('$auth', { token: 'any' });
    await until(() => gate.waiting === 1, 'the next one is verified');
  });

  it('F30 SL-10 one that is refused while it is verified replaces nobody', async () => {
    const gate = new GatedAuthenticator();
    const limits = { maxOpenPerPrincipal: 1, onPrincipalLimit: 'close-oldest' as const };
    const { app } = await start({ options: { authentication: { authenticators: [gate] }, handshake: { limits } } });
    const begin = async (): Promise<Client> => {
      const client = await open(app);
      client.send('$auth', { token: 'any' });
      await until(() => gate.waiting === 1, 'it is verified');
      return client;
    };
    const member = await begin();
    gate.admit('alice');
    await member.next('$auth');
    const hasty = await begin();
    hasty.send('$auth', { token: 'any' });
    await until(() => reasonsOf(app).length === 1, 'it is refused');
    gate.admit('alice');
    await hasty.expectClose(1008);
    expect(member.socket.readyState).toBe(1);
    expect(app.events.ofType('ws.connection.closed')).toEqual([]);
  });

  it('DR-04 whoever fills the places of an address with silence keeps out nobody who speaks', async () => {
    const { app } = await start();
    const silent = await Promise.all([1, 2, 3, 4, 5].map(() => open(app)));
    const honest = await open(app);
    expect(await honest.request('$auth', { token: app.token() })).toMatchObject({ event: '$auth' });
    expect(await silent[0]?.expectClose(4508)).toMatchObject({ reason: expect.stringContaining('limit') as string });
    expect(reasonsOf(app)).toEqual(['first-message-limit']);
    for (const client of silent.slice(1)) expect(client.socket.readyState).toBe(1);
    const next = await open(app);
    expect(await next.request('$auth', { token: app.token() })).toMatchObject({ event: '$auth' });
    expect(reasonsOf(app)).toHaveLength(1);
  });

  it('DR-04 one that lost its place is cut off, whether or not it answers the close', async () => {
    const { app } = await start();
    const openSilent = async (): Promise<RawTcp> => {
      const tcp = await RawTcp.open(app);
      tcp.write(requestHead({ target: '/late', fields: [...handshakeFields(app.host), ['Origin', APP_ORIGIN]] }));
      expect((await tcp.readHead()).status).toBe(101);
      return tcp;
    };
    const server = app.app.getHttpServer() as HttpServer;
    const sockets = (): Promise<number> =>
      new Promise((resolve) => {
        server.getConnections((_error, count) => {
          resolve(count);
        });
      });
    const oldest = await openSilent();
    for (let i = 0; i < 4; i++) await openSilent();
    await open(app);
    // At once: whoever floods would have as many sockets more as fit into the time that a close is waited for.
    expect(await sockets()).toBe(5);
    await oldest.ended();
  });

  it.each<[string, Parameters<typeof handshake>[1], number]>([
    ['of another page', { origin: 'https://evil.example' }, 403],
    ['with a bad credential', { origin: APP_ORIGIN, token: 'a.b.c' }, 401],
    ['with two credentials', { origin: APP_ORIGIN, token: 'a.b.c', protocols: ['json.v1', 'bearer.x'] }, 401],
    ['with a password', { origin: APP_ORIGIN, headers: { Authorization: 'Basic YTpi' } }, 401],
    ['with a CSRF token', { origin: APP_ORIGIN, protocols: ['json.v1', 'csrf.x'] }, 401],
    ['with a cookie and without a page', { headers: { Cookie: 'a=b' } }, 403],
  ])('AN-01 HS-06 a handshake %s never falls through to it', async (_what, shape, status) => {
    const { app } = await start();
    expect(await handshake(`${app.url}/late`, shape)).toMatchObject({ status });
  });

  it('AN-10 failed tokens cost their address, also here', async () => {
    const limits = { ratePerAddress: { limit: 1000, ttl: 1000 }, backoff: { freeFailures: 2 } };
    const { app } = await start({ options: { handshake: { limits } } });
    for (let i = 0; i < 3; i++) {
      const client = await open(app);
      client.send('$auth', { token: 'a.b.c' });
      await client.expectClose(4401);
    }
    // One in a second is still looked at.
    const client = await open(app);
    await expect(open(app)).rejects.toThrow('429');
    expect(await client.request('$auth', { token: app.token() })).toMatchObject({ event: '$auth' });
  });

  it('MO-06 a broadcast of the gateway does not reach it', async () => {
    const { app, gateway } = await start();
    const stranger = await open(app);
    const member = await open(app);
    await member.request('$auth', { token: app.token() });
    for (const client of gateway.server.clients) client.send(JSON.stringify({ event: 'secret', data: 1 }));
    expect(await member.next()).toMatchObject({ event: 'secret' });
    expect(await stranger.request('$auth', { token: app.token({ sub: 'bob' }) })).toMatchObject({ event: '$auth' });
    expect(stranger.unread).toEqual([]);
  });

  it('SL-04 a revoked token opens nothing here either', async () => {
    const { app } = await start();
    await app.app.get(WsRevocationService).revokeToken({ issuer: TEST_JWT.issuer, tokenId: 't1' });
    const client = await open(app);
    client.send('$auth', { token: app.token({ jti: 't1' }) });
    await client.expectClose(4401);
    expect(reasonsOf(app)).toEqual(['revoked']);
  });

  it('AN-11 DR-15 an authenticator that never answers holds nobody, and nothing of whoever left comes in', async () => {
    const gate = new GatedAuthenticator();
    const { app, gateway, clock } = await start({ options: { authentication: { authenticators: [gate] } } });
    const [late, gone] = [await open(app), await open(app)];
    for (const client of [late, gone]) client.send('$auth', { token: 'x' });
    await until(() => gate.waiting === 2, 'both are verified');
    gone.socket.terminate();
    clock.advance(5100);
    await late.expectClose();
    gate.admit('alice');
    expect(await handshake(`${app.url}/late`, { origin: APP_ORIGIN })).toBe('open');
    expect(gateway.connections).toBe(0);
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(0);
  });

  it.each<readonly [what: string, accepts: () => unknown]>([
    ['throws', () => { throw new Error('secret'); }],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['answers a promise', () => Promise.resolve(true)],
  ])('AN-03 DR-14 an authenticator whose accepts() %s refuses, and ends neither the process nor a limit', async (_, accepts) => {
    const crashes = watchForCrashes();
    class Broken extends WsAuthenticator {
      readonly kind = 'broken';
      override accepts({ source }: WsCredential): never {
        return (source === 'message' ? accepts() : false) as never;
      }
      override authenticate(): PrincipalInput {
        return { issuer: 'broken', id: 'mallory' };
      }
    }
    const { app, gateway } = await start({ options: { authentication: { authenticators: [new Broken()] } } });
    // More than an address may have at a time: none of them keeps its place.
    for (let i = 0; i < 6; i++) {
      const client = await open(app);
      client.send('$auth', { token: 'anything' });
      const { reason } = await client.expectClose();
      expect(reason).not.toContain('secret');
    }
    expect(crashes).toEqual([]);
    expect(gateway.connections).toBe(0);
    await until(() => app.app.get(SecureWsRuntime).guard.counts.pending === 0, 'the places are free');
  }); // prettier-ignore

  it('AN-03 DR-14 one that cannot be accepted after all is refused, and ends nothing', async () => {
    const crashes = watchForCrashes();
    const { app, gateway } = await start();
    const accepting = vi.spyOn(ConnectionAcceptor.prototype, 'accept').mockImplementation(() => {
      throw new Error('secret');
    });
    onTestFinished(() => accepting.mockRestore());
    const client = await open(app);
    client.send('$auth', { token: app.token() });
    await client.expectClose();
    expect(crashes).toEqual([]);
    expect(gateway.connections).toBe(0);
    await until(() => app.app.get(SecureWsRuntime).guard.counts.open === 0, 'the place is free');
    expect(app.app.get(SecureWsRuntime).guard.counts.pending).toBe(0);
  });

  it('DR-23 a good token behind a bad message is not looked at', async () => {
    const asked: string[] = [];
    class Counting extends WsAuthenticator {
      readonly kind = 'counting';
      override accepts({ source }: WsCredential): boolean {
        return source === 'message';
      }
      override authenticate({ value }: WsCredential): PrincipalInput {
        asked.push(value);
        return { issuer: 'counting', id: 'alice' };
      }
    }
    const { app } = await start({ options: { authentication: { authenticators: [new Counting()] } } });
    const client = await open(app);
    client.send('echo', { text: 'too early' });
    client.send('$auth', { token: 'good' });
    await client.expectClose(1008);
    expect(asked).toEqual([]);
    const next = await open(app);
    expect(await next.request('$auth', { token: 'good' })).toMatchObject({ event: '$auth' });
    expect(asked).toEqual(['good']);
  });

  it('MO-02 DR-24 whatever comes behind what it was refused for is refused, and recorded, no second time', async () => {
    const { app } = await start();
    const client = await open(app);
    client.socket.send('x'.repeat(5000));
    for (let i = 0; i < 200; i++) client.socket.ping('x'.repeat(100));
    await client.expectClose(1009);
    expect(reasonsOf(app)).toEqual(['first-message-size']);
  });

  it('DR-21 it does not hold up a shutdown', async () => {
    const { app } = await start();
    const client = await open(app);
    const closing = app[Symbol.asyncDispose]();
    expect(await client.expectClose(1012)).toMatchObject({ code: 1012 });
    await closing;
  });

  it('DP-04 beside anonymous access the boot fails', async () => {
    @SecureGateway({ firstMessage: true, anonymous: true })
    @WebSocketGateway({ path: '/late' })
    @WsAuthorize()
    class Both extends LateGateway {}
    const problems = await bootProblems({ providers: [Both] });
    expect(problems).toMatchObject([{ where: 'Both @SecureGateway.firstMessage' }]);
  });
});
