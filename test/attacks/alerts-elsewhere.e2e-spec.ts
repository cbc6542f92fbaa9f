import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Clock, SecureWsModule, WsAuthorize } from '../../packages/nestjs/src/index.js';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '../../packages/nestjs/src/socket-io/index.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { connect } from '../support/queueing-client.js';
import { RecordingSink } from '../support/recording-sink.js';
import { startApp } from '../support/start-app.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

@UseGuards(WsAuthorizeGuard)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway()
class IoGateway implements OnGatewayInit {
  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      void (async () => next(await this.#admit(socket)))();
    });
  }

  #admit(socket: IoSocket): Promise<Error | undefined> {
    return this.identities.authenticate(socket, String(socket.handshake.auth.token), socket.request).then(
      () => undefined,
      () => new Error('unauthorized'),
    );
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('purge')
  purge(): void {}
}

async function startSocketIo() {
  const audit = new RecordingSink();
  const clock = new FakeClock(Date.now());
  const module = await Test.createTestingModule({
    imports: [
      SecureWsModule.forRoot({
        adapter: false,
        authentication: { jwt: TEST_JWT },
        alerts: {},
        events: { sinks: [audit] },
      }),
    ],
    providers: [IoGateway],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const socket: Socket = io(`http://127.0.0.1:${port}`, {
    auth: { token: testToken({ nowMs: clock.now() }) },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
  });
  onTestFinished(() => void socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return { audit, clock, socket };
}

const OWN_PORT = 4987;

@WebSocketGateway(OWN_PORT, { path: '/own' })
@WsAuthorize()
class OwnPortGateway {
  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('purge')
  purge(): void {}
}

/** Signed by somebody else. */
const FORGED = { token: testToken({ secret: 'of somebody else, of whom nobody knows' }) };

describe('the shipped alerts, off the usual path', () => {
  it('MO-03 are raised on Fastify', async () => {
    const app = await startApp({ providers: [EchoGateway], platform: 'fastify', options: { alerts: {} } });
    for (let i = 0; i < 10; i++) await handshake(`${app.url}/echo`, FORGED);

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'failed-logins-by-address', address: '127.0.0.1' },
    ]);
  });

  it('MO-03 are raised for a gateway on its own port: for handshakes and for messages', async () => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ providers: [OwnPortGateway], options: { alerts: {} } });
    const url = `ws://127.0.0.1:${portOf()}/own`;
    for (let i = 0; i < 10; i++) await handshake(url, FORGED);
    const client = await connect(url, { token: app.token() });
    for (let i = 0; i < 20; i++) await client.request('purge');

    expect(app.events.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'failed-logins-by-address', address: '127.0.0.1' },
      { rule: 'forbidden-by-principal', principal: app.events.ofType('ws.connection.opened')[0]?.principal },
    ]);
  });

  it('MO-03 are raised for messages over Socket.IO, and end there too', async () => {
    const { audit, clock, socket } = await startSocketIo();
    const refuse = () =>
      new Promise((resolve) => {
        socket.once('error', resolve);
        socket.emit('purge');
      });
    for (let i = 0; i < 19; i++) await refuse();
    expect(audit.ofType('ws.alert.raised')).toEqual([]);
    await refuse();

    expect(audit.ofType('ws.alert.raised')).toMatchObject([
      { rule: 'forbidden-by-principal', principal: audit.ofType('ws.message.refused')[0]?.principal, value: 20 },
    ]);
    for (let passed = 0; passed < 420_000; passed += 500) clock.advance(500);
    expect(audit.ofType('ws.alert.ended')).toMatchObject([{ rule: 'forbidden-by-principal' }]);
  });
});
