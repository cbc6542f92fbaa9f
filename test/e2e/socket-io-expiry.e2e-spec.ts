import { createSecretKey, randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UseFilters, UseGuards } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Observable, Subject } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AuthenticationError, Clock, SecureWsModule, WsAuthorize } from '../../packages/nestjs/src/index.js';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '../../packages/nestjs/src/socket-io/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { asksForToken, connect, gone, startSocketIo } from '../support/socket-io-app.js';

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
}

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

@UseGuards(WsAuthorizeGuard)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway()
@WsAuthorize()
class NewsGateway implements OnGatewayInit {
  readonly news = new Subject<{ event: string; data: string }>();
  readonly sockets: IoSocket[] = [];

  constructor(readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      this.sockets.push(socket);
      void (async () => next(await this.#admit(socket)))();
    });
  }

  #admit(socket: IoSocket): Promise<Error | undefined> {
    return this.identities.authenticate(socket, String(socket.handshake.auth.token), socket.request).then(
      () => undefined,
      () => new Error('unauthorized'),
    );
  }

  @SubscribeMessage('watch')
  watch(): Observable<unknown> {
    return this.news;
  }
}

const secret = createSecretKey(randomBytes(32));

/** Dated by the clock of the application: by that of a busy machine it would end later than it is told to. */
const tokenFor = (seconds: number, issuedAt: number): Promise<string> =>
  new JwtService({ secret: secret as never }).signAsync(
    { sub: 'alice', iat: Math.floor(issuedAt / 1000) },
    { issuer: 'https://id.example.com', audience: 'news', expiresIn: seconds },
  );

async function start() {
  const clock = new FakeClock(Date.now());
  const startedAt = clock.now();
  const token = (seconds: number): Promise<string> => tokenFor(seconds, startedAt);
  const jwt = { secret, algorithms: ['HS256'] as const, issuer: 'https://id.example.com', audience: 'news' };
  const module = await Test.createTestingModule({
    imports: [SecureWsModule.forRoot({ adapter: false, authentication: { jwt } })],
    providers: [NewsGateway],
  })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const gateway = app.get(NewsGateway);
  const watch = async (seconds: number): Promise<{ socket: Socket; read: string[] }> => {
    const auth = { token: await token(seconds) };
    const socket = io(`http://127.0.0.1:${port}`, { auth, transports: ['websocket'], reconnection: false });
    onTestFinished(() => void socket.disconnect());
    const read: string[] = [];
    socket.on('news', (text: string) => read.push(text));
    socket.emit('watch', null);
    await until(() => gateway.news.observed, 'the stream is open');
    return { socket, read };
  };
  const tell = (data: string): void => {
    gateway.news.next({ event: 'news', data });
  };
  return { clock, gateway, token, watch, tell };
}

describe('a socket of Socket.IO that only listens', () => {
  it('SL-02 is disconnected when its token expires, and nothing is streamed to it then', async () => {
    const { clock, gateway, watch, tell } = await start();
    const { socket, read } = await watch(300);
    clock.advance(299_000);
    tell('before');
    await until(() => read.length === 1, 'the news is read');
    const ended = gone(socket);
    clock.advance(1500);
    expect(await ended).toBe('io server disconnect');
    expect(gateway.news.observed).toBe(false);
  });

  it('SL-02 SL-11 lives as long as the latest of its tokens, whichever ends first', async () => {
    const { clock, gateway, token, watch, tell } = await start();
    const { socket, read } = await watch(300);
    const [server] = gateway.sockets as [IoSocket];
    await gateway.identities.authenticate(server, await token(900), server.request);
    clock.advance(400_000);
    tell('renewed');
    await until(() => read.length === 1, 'the news is read');
    await gateway.identities.authenticate(server, await token(600), server.request);
    const ended = gone(socket);
    clock.advance(201_500);
    expect(await ended).toBe('io server disconnect');
  });

  it('SL-02 is disconnected where its token has ended before it was accepted', async () => {
    const clock = new FakeClock(Date.now());
    let accept: (() => void) | undefined;
    const app = await startSocketIo({
      clock,
      middleware: (identities) => async (socket) => {
        await asksForToken(identities)(socket);
        await new Promise<void>((resolve) => (accept = resolve));
        return undefined;
      },
    });
    const client = app.client({ expiresInSeconds: 60 });
    const [connected, ended] = [connect(client), gone(client)];
    await until(() => accept !== undefined, 'its token is verified');
    // Long enough that nobody looks for it any more, if anybody ever stops.
    clock.advance(600_000);
    accept?.();
    await connected;
    expect(await ended).toBe('io server disconnect');
  });

  it('SL-02 F17 is disconnected beside one whose disconnect listener throws', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startSocketIo({ clock });
    const clients = [await app.open(), await app.open(), await app.open()];
    app.gateway.sockets[1]?.on('disconnect', () => {
      throw new Error('in a listener');
    });
    const ended = Promise.all(clients.map(gone));
    expect(() => clock.advance(601_000)).not.toThrow();
    await ended;
    expect(app.running.log.lines.filter((line) => line.includes('a disconnect listener'))).toHaveLength(1);
    expect(app.gateway.sockets.map(({ connected: isConnected }) => isConnected)).toEqual([false, false, false]);
  });

  it('SL-02 has no longer to live for a token that was refused', async () => {
    const { clock, gateway, watch } = await start();
    const { socket } = await watch(300);
    const [server] = gateway.sockets as [IoSocket];
    await expect(gateway.identities.authenticate(server, 'forged', server.request)).rejects.toThrow(
      AuthenticationError,
    );
    const ended = gone(socket);
    clock.advance(301_500);
    expect(await ended).toBe('io server disconnect');
  });
});
