import { createServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Clock, SecureWsBootError, SecureWsModule, type SecureWsOptions, WsHttpServers } from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';
import { CapturedLog } from '../support/captured-log.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

type RequestListener = Parameters<typeof createServer>[1];

interface Started {
  readonly app: INestApplication;
  readonly log: CapturedLog;
  readonly sink: RecordingSink;
  readonly route: RequestListener;
}

/** An application that is initialised and does not listen, as one with servers of its own. */
async function initialised(
  platform: 'express' | 'fastify' = 'express',
  options: Partial<SecureWsOptions> = {},
  clock?: Clock,
): Promise<Started> {
  const sink = new RecordingSink();
  const log = new CapturedLog();
  const building = Test.createTestingModule({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: [APP_ORIGIN] },
        authentication: { jwt: TEST_JWT },
        events: { sinks: [sink] },
        ...options,
      }),
    ],
    providers: [EchoGateway],
  });
  if (clock !== undefined) building.overrideProvider(Clock).useValue(clock);
  const testing = await building.compile();
  const app =
    platform === 'fastify'
      ? testing.createNestApplication(new FastifyAdapter(), { logger: log })
      : testing.createNestApplication({ logger: log });
  onTestFinished(() => app.close());
  await app.init();
  const instance: unknown = app.getHttpAdapter().getInstance();
  if (platform === 'express') return { app, log, sink, route: instance as RequestListener };
  await (instance as { ready(): Promise<void> }).ready();
  return { app, log, sink, route: (instance as { routing: RequestListener }).routing };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

describe.each(['express', 'fastify'] as const)('an application with servers of its own, on %s', (platform) => {
  it('F10 HS-01 is served on each that is attached, over HTTP and HTTPS, with every check', async () => {
    const { app, route, sink } = await initialised(platform);
    const { key, cert } = await loadCertificate(undefined);
    const plain = createServer(route);
    const secure = createTlsServer({ key, cert }, route);
    for (const server of [plain, secure]) app.get(WsHttpServers).attach(server);
    const urls = [`ws://127.0.0.1:${await listen(plain)}`, `wss://127.0.0.1:${await listen(secure)}`];
    for (const url of urls) {
      const client = await connect(`${url}/echo`, {
        token: testToken({ nowMs: Date.now() }),
      });
      expect(await client.request('echo', { text: 'hello' })).toMatchObject({ data: { text: 'hello' } });
      const refused = await handshake(`${url}/echo`, { origin: 'https://evil.example' });
      expect(refused).toMatchObject({ status: 403 });
    }
    expect(sink.ofType('ws.connection.opened')).toHaveLength(2);
  });
});

describe('WsHttpServers', () => {
  it('F10 DR-21 ends the connections of an attached server with the application, and takes no more', async () => {
    const { app, route } = await initialised();
    const server = createServer(route);
    app.get(WsHttpServers).attach(server);
    const url = `ws://127.0.0.1:${await listen(server)}/echo`;
    const client = await connect(url, { token: testToken({ nowMs: Date.now() }) });
    const closed = client.expectClose(1012);
    await app.close();
    await closed;
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(server.listening).toBe(true);
  });

  it('F10 is served once on a server that is attached twice, or that is the own one of the application', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const own = app.app.getHttpServer() as Server;
    const other = createServer();
    for (const server of [own, other, other]) app.app.get(WsHttpServers).attach(server);
    expect(own.listenerCount('upgrade')).toBe(1);
    expect(other.listenerCount('upgrade')).toBe(1);
  });

  it('F10 HS-09 refuses a server on which another listener would answer too', async () => {
    const { app } = await initialised();
    const server = createServer().on('upgrade', () => undefined);
    expect(() => app.get(WsHttpServers).attach(server)).toThrow(SecureWsBootError);
  });

  it.each([undefined, null, {}, 3000, 'server'])('F10 takes a server only: %s', async (value) => {
    const { app } = await initialised();
    expect(() => app.get(WsHttpServers).attach(value as never)).toThrow(TypeError);
  });

  it('F10 says that an application that nobody can reach does not listen', async () => {
    const clock = new FakeClock();
    const { app, log, route } = await initialised('express', {}, clock);
    const warnings = () => log.lines.filter((line) => line.includes('WsHttpServers'));
    clock.advance(9000);
    expect(warnings()).toEqual([]);
    clock.advance(2000);
    expect(warnings()).toHaveLength(1);
    clock.advance(60_000);
    expect(warnings()).toHaveLength(1);
    // What it warns of: without the attachment the handshake is the routes' to answer.
    const server = createServer(route);
    const port = await listen(server);
    const status = await new Promise((resolve) => {
      const headers = { Connection: 'Upgrade', Upgrade: 'websocket' };
      httpRequest({ port, host: '127.0.0.1', path: '/echo', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(404);
    await app.close();
  });

  it.each(['listens', 'has attached one'])('F10 says nothing where the application %s', async (how) => {
    const clock = new FakeClock();
    const { app, log, route } = await initialised('express', {}, clock);
    if (how === 'listens') await app.listen(0, '127.0.0.1');
    else app.get(WsHttpServers).attach(createServer(route));
    clock.advance(20_000);
    expect(log.lines.filter((line) => line.includes('WsHttpServers'))).toEqual([]);
  });
});
