import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type Type, UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { ConnectedSocket, type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Principal, SecureWsModule, WsAuthorize } from '@secure-ws/nestjs';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '@secure-ws/nestjs/socket-io';
import { io, type Socket } from 'socket.io-client';
import { onTestFinished } from 'vitest';
import { RecordingSink } from './recording-sink.js';
import { type AppShape, type RunningApp, startApp, type TestOptions } from './start-app.js';
import { TEST_JWT, type TestClaims } from './test-token.js';

/** What tests use of a socket on the server. */
export interface IoSocket extends EventEmitter {
  readonly handshake: { readonly auth: { readonly token?: unknown } };
  readonly request: IncomingMessage;
  readonly connected: boolean;
  join(room: string): void;
}

/** Says whether a socket is accepted: `undefined` where it is. */
type Decision = (socket: IoSocket) => Promise<Error | undefined>;

/** What tests use of a server or namespace. */
export interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
  to(room: string): { emit(event: string, data: unknown): void };
}

/** A gateway whose clients enter a room. */
export interface RoomGateway {
  readonly server: IoServer;
  /** Those that a middleware has seen, in their order. */
  readonly sockets: readonly IoSocket[];
}

export interface SocketIoShape {
  readonly options?: Omit<TestOptions, 'handshake'>;
  readonly clock?: AppShape['clock'];
  /** What the gateway says of its server. */
  readonly gateway?: object;
  /** How the middleware decides; without one it asks for the token of the handshake. */
  readonly middleware?: (identities: WsSocketIdentities) => Decision;
  readonly adapter?: typeof IoAdapter;
  readonly controllers?: AppShape['controllers'];
}

/** A gateway of which a client becomes a member by `join`. */
export function roomGateway({ gateway = {}, middleware = asksForToken }: SocketIoShape): Type<RoomGateway> {
  @UseGuards(WsAuthorizeGuard)
  @UseFilters(WsExceptionsFilter)
  @WebSocketGateway(gateway)
  @WsAuthorize()
  class RoomsGateway implements OnGatewayInit, RoomGateway {
    server!: IoServer;
    readonly sockets: IoSocket[] = [];

    constructor(private readonly identities: WsSocketIdentities) {}

    afterInit(server: IoServer): void {
      this.server = server;
      const decide = middleware(this.identities);
      server.use((socket, next) => {
        this.sockets.push(socket);
        void (async () => next(await decide(socket)))();
      });
    }

    @SubscribeMessage('join')
    join(@ConnectedSocket() socket: IoSocket): string {
      socket.join('room');
      return 'joined';
    }
  }
  return RoomsGateway;
}

/** The middleware of the guide. */
export function asksForToken(identities: WsSocketIdentities): Decision {
  return (socket) =>
    identities.authenticate(socket, String(socket.handshake.auth.token), socket.request).then(
      () => undefined,
      () => new Error('unauthorized'),
    );
}

export interface SocketIoApp {
  readonly running: RunningApp;
  readonly audit: RecordingSink;
  readonly gateway: RoomGateway;
  readonly identities: WsSocketIdentities;
  /** Gives a socket of the server another token, the first one unless another is named. */
  renew(token: string, at?: number): Promise<Principal>;
  /** A client that has not connected yet. */
  client(claims?: TestClaims): Socket;
  /** A client that is connected. @throws Error that says what the middleware did. */
  open(claims?: TestClaims): Promise<Socket>;
}

/** Boots an application on Socket.IO. */
export async function startSocketIo(shape: SocketIoShape = {}): Promise<SocketIoApp> {
  const { options, clock, controllers = [], adapter: Adapter = IoAdapter } = shape;
  const audit = new RecordingSink();
  const type = roomGateway(shape);
  const running = await startApp({
    secureWs: SecureWsModule.forRoot({
      adapter: false,
      authentication: { jwt: TEST_JWT },
      events: { sinks: [audit] },
      ...options,
    }),
    configure: (app) => {
      app.useWebSocketAdapter(new Adapter(app));
    },
    providers: [type],
    controllers,
    ...(clock === undefined ? {} : { clock }),
  });
  const client = (claims?: TestClaims): Socket => {
    const token = running.token(claims);
    const settings = { auth: { token }, transports: ['websocket'], reconnection: false, forceNew: true };
    const socket = io(running.httpUrl, { ...settings, autoConnect: false });
    onTestFinished(() => void socket.disconnect());
    return socket;
  };
  const gateway = running.app.get<RoomGateway>(type);
  const identities = running.app.get(WsSocketIdentities);
  return {
    ...{ running, audit, client, gateway, identities },
    renew: (token, at = 0) => {
      const { [at]: socket } = gateway.sockets as readonly IoSocket[] & Record<number, IoSocket>;
      return identities.authenticate(socket as IoSocket, token, (socket as IoSocket).request);
    },
    open: (claims) => connect(client(claims)),
  };
}

/** Connects a client. @throws Error that says what the middleware did. */
export async function connect(socket: Socket): Promise<Socket> {
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  socket.connect();
  await connected;
  return socket;
}

/** Asks for an answer. */
export const ask = (socket: Socket, event: string, data: unknown = null): Promise<unknown> =>
  socket.timeout(5000).emitWithAck(event, data);

/** Why a client was disconnected. */
export const gone = (socket: Socket): Promise<string> => new Promise((resolve) => socket.once('disconnect', resolve));
