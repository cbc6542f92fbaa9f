import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, WsAuthorize } from '@secure-ws/nestjs';
import { SecureWsMetrics, SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '@secure-ws/nestjs/socket-io';
import { io, type Socket } from 'socket.io-client';
import { expect, it, onTestFinished } from 'vitest';
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

  @WsAuthorize()
  @SubscribeMessage('say')
  say(): { readonly event: string; readonly data: boolean } {
    return { event: 'said', data: true };
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('purge')
  purge(): void {}
}

it('MO-10 MO-11 counts the messages of Socket.IO and times their judgement, under the events of handlers alone', async () => {
  const module = await Test.createTestingModule({
    imports: [
      SecureWsModule.forRoot({ adapter: false, authentication: { jwt: TEST_JWT }, events: { sinks: [] } }),
      SecureWsMetricsModule.forRoot(),
    ],
    providers: [IoGateway],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const auth = { token: testToken() };
  const socket: Socket = io(`http://127.0.0.1:${port}`, { auth, transports: ['websocket'], reconnection: false });
  onTestFinished(() => void socket.disconnect());
  const answer = (event: string, to: string): Promise<unknown> =>
    new Promise((resolve) => {
      socket.once(to, resolve);
      socket.emit(event);
    });
  for (let i = 0; i < 20; i++) socket.emit(`made-up-${i}`);
  for (let i = 0; i < 3; i++) await answer('say', 'said');
  expect(await answer('purge', 'error')).toMatchObject({ code: 'FORBIDDEN' });

  const lines = (await app.get(SecureWsMetrics).text()).split('\n');
  expect(lines).toContain('secure_ws_messages_received_total{event="say",result="handled"} 3');
  expect(lines).toContain('secure_ws_messages_received_total{event="purge",result="refused"} 1');
  expect(lines).toContain('secure_ws_message_judgement_duration_seconds_count{event="say"} 3');
  expect(lines).toContain('secure_ws_messages_refused_total{reason="claims"} 1');
  expect(lines.join('')).not.toContain('made-up');
});
