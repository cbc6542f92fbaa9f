import { once } from 'node:events';
import { connect as connectTcp, type Server, type Socket } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { clientFrame } from '../support/frame-writer.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { handshake } from '../support/handshake.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { expectSoon, until } from '../support/patience.js';
import { fieldOf } from '../support/raw-response.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';

const HEAD_TIMEOUT_MS = 10_000;
/** Deadlines are noticed within a tenth. */
const LATE_MS = 1000;
const OWN_PORT = 4711;

@WebSocketGateway(OWN_PORT, { path: '/own' })
@WsAuthorize()
class OwnPortGateway {}

@Controller('never')
class NeverController {
  asked = 0;

  @Get()
  never(): Promise<never> {
    this.asked++;
    return new Promise(() => undefined);
  }
}

/** As an application is made that says nothing of its connections: Node waits for every one of them. */
const start = (shape: AppShape = {}): Promise<RunningApp> =>
  startApp({ providers: [EchoGateway], controllers: [NeverController], forceCloseConnections: false, ...shape });

/** What `app.close()` does, as a promise that may be waited for later. */
async function shutDown(app: RunningApp): Promise<void> {
  await app[Symbol.asyncDispose]();
}

/** A TCP connection that sends nothing, not even the first byte of TLS. */
async function silent(port: number): Promise<{ socket: Socket; ended: Promise<unknown> }> {
  const socket = connectTcp({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined).resume();
  const ended = once(socket, 'close');
  onTestFinished(() => {
    socket.destroy();
  });
  await expectSoon(once(socket, 'connect'), 'a TCP connection');
  return { socket, ended };
}

/** Waits until the server knows of so many connections. */
async function accepted(app: RunningApp, count: number): Promise<void> {
  const server = app.app.getHttpServer() as Server;
  const known = (): Promise<number> =>
    new Promise((resolve) => {
      server.getConnections((_, connections) => {
        resolve(connections);
      });
    });
  while ((await known()) < count) await new Promise(setImmediate);
}

describe.each<readonly [what: string, shape: AppShape]>([
  ['Express', {}],
  ['Express with TLS', { https: true }],
  ['Fastify', { platform: 'fastify' }],
  ['Fastify with TLS', { platform: 'fastify', https: true }],
])('a silent connection, on %s', (_, shape) => {
  it('DR-21 F51 does not hold up the end of the application', async () => {
    // On a clock that stands still no deadline ends it.
    const app = await start({ ...shape, clock: new FakeClock(Date.now()) });
    const { ended } = await silent(app.port);
    await accepted(app, 1);
    await expectSoon(shutDown(app), 'the end of the application');
    await expectSoon(ended, 'the end of the connection');
  });

  it('DR-13 F53 is ended after ten seconds', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ ...shape, clock });
    const { socket, ended } = await silent(app.port);
    await accepted(app, 1);
    clock.advance(HEAD_TIMEOUT_MS - LATE_MS);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    expect(socket.destroyed).toBe(false);
    clock.advance(2 * LATE_MS);
    await expectSoon(ended, 'the end of the connection');
  });

  it('DR-13 F53 is ended when more than the pending ones come, and keeps out nobody who speaks', async () => {
    // Nobody's time runs out on a clock that stands still: what ends the oldest is that others came.
    const clock = new FakeClock(Date.now());
    const app = await start({ ...shape, clock, options: { handshake: { limits: { maxPending: 3 } } } });
    const connections = [];
    for (let count = 0; count < 6; count++) connections.push(await silent(app.port));
    await expectSoon(Promise.all(connections.slice(0, 3).map(({ ended }) => ended)), 'the end of the oldest');
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it('DR-13 has its head timed by Node, which looks often enough', async () => {
    const server = (await start(shape)).app.getHttpServer() as Server & Record<string, unknown>;
    expect(server['headersTimeout']).toBeLessThanOrEqual(HEAD_TIMEOUT_MS);
    expect(server['connectionsCheckingInterval']).toBeLessThanOrEqual(LATE_MS);
  });
});

describe.each(['express', 'fastify'] as const)('a TLS handshake that stops halfway, on %s', (platform) => {
  it('DR-13 F53 is ended after ten seconds, as one that never began', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ platform, https: true, clock });
    const peers: Socket[] = [];
    (app.app.getHttpServer() as Server).on('connection', (peer: Socket) => peers.push(peer));
    const { socket, ended } = await silent(app.port);
    // The beginning of a ClientHello of 512 bytes.
    socket.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
    await until(() => (peers[0]?.bytesRead ?? 0) > 0, 'the server has read it');
    clock.advance(HEAD_TIMEOUT_MS - LATE_MS);
    expect(peers.map(({ destroyed }) => destroyed)).toEqual([false]);
    clock.advance(2 * LATE_MS);
    await expectSoon(ended, 'the end of the connection');
  });
});

describe.each(['express', 'fastify'] as const)('the end of an application on %s', (platform) => {
  it('DR-21 F51 cuts off a request that is never answered when the time of the drain is over', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ platform, clock });
    const tcp = await RawTcp.open(app);
    tcp.write(requestHead({ target: '/never', fields: [['Host', app.host]] }));
    await until(() => app.app.get(NeverController).asked === 1, 'the request has come');
    let isClosed = false;
    const closing = shutDown(app).then(() => {
      isClosed = true;
    });
    await until(() => !(app.app.getHttpServer() as Server).listening, 'the server takes nobody any more');
    clock.advance(24_000);
    expect(isClosed).toBe(false);
    clock.advance(1000);
    await expectSoon(closing, 'the end of the application');
    await tcp.ended();
    expect(clock.pending).toBe(0);
  });

  it('HS-15 F23 MO-03 answers a handshake that is being checked with 503, and says when to come back', async () => {
    const authenticator = new GatedAuthenticator();
    const app = await start({ platform, options: { authentication: { authenticators: [authenticator] } } });
    const tcp = await RawTcp.open(app);
    const fields = [...handshakeFields(app.host), ['Authorization', 'Bearer alice'] as const];
    tcp.write(requestHead({ target: '/echo', fields }));
    await until(() => authenticator.waiting > 0, 'the credential is being verified');
    const closing = shutDown(app);
    const response = await tcp.readResponse();
    expect(response.status).toBe(503);
    expect(Number(fieldOf(response, 'retry-after'))).toBeGreaterThan(0);
    await expectSoon(closing, 'the end of the application');
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ status: 503, reason: 'not-ready' }]);
    // The verdict that comes afterwards admits nobody.
    authenticator.admit('alice');
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(0);
  });
});

@WebSocketGateway({ path: '/busy' })
@WsAuthorize()
class BusyGateway {
  running = 0;

  @SubscribeMessage('work')
  work(): Promise<never> {
    this.running++;
    return new Promise(() => undefined);
  }
}

describe.each(['express', 'fastify'] as const)('a drain on %s that a handler holds up', (platform) => {
  it('DR-21 F23 refuses a handshake that is being checked at once', async () => {
    const authenticator = new GatedAuthenticator();
    const clock = new FakeClock(Date.now());
    const authentication = { authenticators: [authenticator] };
    const app = await start({ platform, clock, providers: [BusyGateway], options: { authentication } });
    const fields = [...handshakeFields(app.host), ['Authorization', 'Bearer alice'] as const];
    const busy = await RawTcp.open(app);
    busy.write(requestHead({ target: '/busy', fields }));
    await until(() => authenticator.waiting === 1, 'the credential is being verified');
    authenticator.admit('alice');
    expect((await busy.readHead()).status).toBe(101);
    busy.write(clientFrame('{"event":"work"}'));
    await until(() => app.app.get(BusyGateway).running === 1, 'the handler runs');
    const tcp = await RawTcp.open(app);
    tcp.write(requestHead({ target: '/busy', fields }));
    await until(() => authenticator.waiting === 1, 'the second credential is being verified');
    const closing = shutDown(app);
    expect((await tcp.readResponse()).status).toBe(503);
    clock.advance(25_000);
    await expectSoon(closing, 'the end of the application');
  });
});

describe('a silent connection to a port of its own', () => {
  it.each([false, true])('DR-13 DR-21 F51 F53 is ended in time, and at the end: TLS %s', async (https) => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const clock = new FakeClock(Date.now());
    const app = await start({ providers: [OwnPortGateway], https, clock });
    const first = await silent(portOf());
    // The server has taken it once it answers a later one.
    await handshake(`${app.url.replace(String(app.port), String(portOf()))}/own`, { token: app.token() });
    clock.advance(HEAD_TIMEOUT_MS + LATE_MS);
    await expectSoon(first.ended, 'the end of the connection');
    const second = await silent(portOf());
    await expectSoon(shutDown(app), 'the end of the application');
    await expectSoon(second.ended, 'the end of the connection');
  });
});
