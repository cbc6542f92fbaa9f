import { createSecretKey, randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type INestApplication,
  Injectable,
  type NestInterceptor,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import {
  Ack,
  ConnectedSocket,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { ERROR_MESSAGES } from '@secure-ws/protocol';
import { Expose, Transform } from 'class-transformer';
import { type Observable, of, Subject } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  AuthenticationError,
  SecureWsBootError,
  SecureWsModule,
  type SecureWsOptions,
  WsAuthorize,
  WsConnection,
  WsReply,
} from '../../packages/nestjs/src/index.js';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsReplyInterceptor,
  WsSocketIdentities,
} from '../../packages/nestjs/src/socket-io/index.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';

const HASH = 'passwordhash-canary';

class UserView {
  @Expose() id!: string;
  @Expose({ groups: ['auditor'] }) salary?: number;
}

class Labelled {
  @Expose()
  @Transform(({ value }) => `${String(value)}+`)
  label!: string;
}

const entity = (): object => ({ id: 'u1', salary: 100, passwordHash: HASH });

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token: string } };
  readonly request: IncomingMessage;
}

interface IoServer {
  use(middleware: (socket: IoSocket, next: (error?: Error) => void) => void): void;
}

/** The latest stream, and the socket that asked for it. */
const live: { socket?: IoSocket; subject?: Subject<unknown>; settle?: (value: unknown) => void } = {};

@UseGuards(WsAuthorizeGuard)
@UseInterceptors(WsReplyInterceptor)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway({ namespace: '/users' })
@WsAuthorize()
class UsersGateway implements OnGatewayInit {
  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      const { token } = socket.handshake.auth;
      void this.#admit(socket, token, next);
    });
  }

  async #admit(socket: IoSocket, token: string, next: (error?: Error) => void): Promise<void> {
    await this.identities.authenticate(socket, token, socket.request);
    next();
  }

  @WsReply(UserView)
  @SubscribeMessage('named')
  named() {
    return { event: 'user', data: entity() };
  }

  @WsReply([UserView])
  @SubscribeMessage('list')
  list(): unknown {
    return [entity()];
  }

  @WsReply(UserView)
  @SubscribeMessage('stream')
  stream(): Observable<unknown> {
    return of({ event: 'user', data: entity() }, { event: 'user', data: HASH });
  }

  @WsReply(UserView)
  @SubscribeMessage('live')
  live(@ConnectedSocket() socket: IoSocket): Observable<unknown> {
    live.socket = socket;
    live.subject = new Subject();
    return live.subject;
  }

  @SubscribeMessage('undeclared')
  undeclared(@ConnectedSocket() socket: IoSocket): Observable<unknown> {
    return this.live(socket);
  }

  @UseInterceptors(WsReplyInterceptor)
  @WsReply(Labelled)
  @SubscribeMessage('twice')
  twice(): unknown {
    return { label: 'a' };
  }

  @WsReply(UserView)
  @SubscribeMessage('slow')
  slow(@ConnectedSocket() socket: IoSocket): Promise<unknown> {
    live.socket = socket;
    return new Promise((resolve) => (live.settle = resolve));
  }

  @WsReply(UserView)
  @SubscribeMessage('unfit')
  unfit(): unknown {
    return { id: { passwordHash: HASH } };
  }

  @SubscribeMessage('refused')
  refused(): never {
    throw new WsException('canary of a handler');
  }

  /** Whoever it was, nobody knows them any more. */
  @SubscribeMessage('banished')
  async banished(@ConnectedSocket() socket: IoSocket): Promise<never> {
    await this.identities.authenticate(socket, 'rubbish', socket.request).catch(() => undefined);
    throw new WsException('canary of a stranger');
  }

  @SubscribeMessage('send')
  send(@WsConnection() connection: WsConnection): unknown {
    const fit = connection.send('user', entity(), { as: UserView });
    return { fit, unfit: connection.send('user', HASH, { as: UserView }) };
  }
}

const secret = createSecretKey(randomBytes(32));
let started: INestApplication;
const audit = new RecordingSink();

async function start(gateway: Type, options: Partial<SecureWsOptions> = {}): Promise<number> {
  audit.clear();
  const authentication = {
    jwt: { secret, algorithms: ['HS256' as const], issuer: 'https://id.example.com', audience: 'users' },
  };
  const module = await Test.createTestingModule({
    imports: [SecureWsModule.forRoot({ adapter: false, authentication, events: { sinks: [audit] }, ...options })],
    providers: [gateway, Adding],
  }).compile();
  const app = (started = module.createNestApplication({ logger: false }));
  onTestFinished(() => app.close());
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  return ((app.getHttpServer() as Server).address() as AddressInfo).port;
}

function tokenOf(sub: string, roles: readonly string[]): Promise<string> {
  return new JwtService({ secret: secret as never }).signAsync(
    { sub, roles },
    { issuer: 'https://id.example.com', audience: 'users', expiresIn: '5m' },
  );
}

async function connect(port: number, roles: readonly string[] = []): Promise<Socket> {
  const token = await tokenOf('alice', roles);
  const socket = io(`http://127.0.0.1:${port}/users`, {
    auth: { token },
    transports: ['websocket'],
    reconnection: false,
  });
  onTestFinished(() => void socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

const ask = (socket: Socket, event: string): Promise<unknown> => socket.timeout(5000).emitWithAck(event, null);
const next = (socket: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => socket.once(event, (data: unknown) => resolve(data)));

@Injectable()
class Adding implements NestInterceptor {
  intercept(): Observable<unknown> {
    return of(entity());
  }
}

describe('WsReplyInterceptor', () => {
  it('OD-04 AZ-07 lets out what the output DTO exposes, to whom it exposes it', async () => {
    const port = await start(UsersGateway);
    const socket = await connect(port);
    expect(await ask(socket, 'list')).toEqual([{ id: 'u1' }]);
    const user = next(socket, 'user');
    socket.emit('named', null);
    expect(await user).toEqual({ id: 'u1' });
    expect(await ask(await connect(port, ['auditor']), 'list')).toEqual([{ id: 'u1', salary: 100 }]);
  });

  it('OD-04 answers what does not fit with INTERNAL, and audits it once', async () => {
    const socket = await connect(await start(UsersGateway));
    const reply = await ask(socket, 'unfit');
    expect(reply).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
    expect(JSON.stringify(reply)).not.toContain('canary');
    expect(audit.ofType('ws.message.refused')).toMatchObject([{ reason: 'reply-undeclared', event: 'unfit' }]);
  });

  it('OD-01 answers with its own texts alone, unless it is told to say more', async () => {
    const texts = async (options: Partial<SecureWsOptions>): Promise<unknown[]> => {
      const socket = await connect(await start(UsersGateway, options));
      const told = [await ask(socket, 'refused'), await ask(socket, 'unfit'), await ask(socket, 'banished')];
      return told.map((reply) => (reply as { data: { message: unknown } }).data.message);
    };
    const { APPLICATION, INTERNAL } = ERROR_MESSAGES;
    expect(await texts({})).toEqual([APPLICATION, INTERNAL, APPLICATION]);
    const unfit: unknown = expect.stringContaining('is declared as string');
    expect(await texts({ detailedErrors: true })).toEqual(['canary of a handler', unfit, 'canary of a stranger']);
  });

  it('OD-04 ends a stream at the first value that does not fit', async () => {
    const socket = await connect(await start(UsersGateway));
    const [user, error] = [next(socket, 'user'), next(socket, 'error')];
    socket.emit('stream', null);
    expect(await user).toEqual({ id: 'u1' });
    expect(await error).toMatchObject({ code: 'INTERNAL' });
  });

  it('AZ-07 SL-11 writes a stream for who the socket is now, and for nobody else', async () => {
    const port = await start(UsersGateway);
    const socket = await connect(port, ['auditor']);
    socket.emit('live', null);
    await until(() => live.subject?.observed === true, 'the stream is open');
    const { subject, socket: server } = live as { subject: Subject<unknown>; socket: IoSocket };
    const identities = started.get(WsSocketIdentities);
    const told = (): Promise<unknown> => {
      const user = next(socket, 'user');
      subject.next({ event: 'user', data: entity() });
      return user;
    };
    expect(await told()).toEqual({ id: 'u1', salary: 100 });
    await identities.authenticate(server, await tokenOf('alice', []), server.request);
    expect(await told()).toEqual({ id: 'u1' });
    await identities.authenticate(server, await tokenOf('alice', ['auditor']), server.request);
    expect(await told()).toEqual({ id: 'u1', salary: 100 });
    // Nobody knows yet who it will be.
    const refused = identities.authenticate(server, 'forged', server.request).catch((error: unknown) => error);
    expect(await told()).toEqual({ id: 'u1' });
    expect(await refused).toBeInstanceOf(AuthenticationError);
    await identities.authenticate(server, await tokenOf('alice', []), server.request);
    const other = next(socket, 'error');
    await identities.authenticate(server, await tokenOf('bob', ['auditor']), server.request);
    subject.next({ event: 'user', data: entity() });
    expect(await other).toMatchObject({ code: 'FORBIDDEN' });
    expect(subject.observed).toBe(false);
  });

  it.each(['live', 'undeclared'])(
    'AZ-07 AN-14 ends the stream %s of a socket whose token was refused',
    async (event) => {
      const socket = await connect(await start(UsersGateway));
      socket.emit(event, null);
      await until(() => live.subject?.observed === true, 'the stream is open');
      const { subject, socket: server } = live as { subject: Subject<unknown>; socket: IoSocket };
      await expect(started.get(WsSocketIdentities).authenticate(server, 'forged', server.request)).rejects.toThrow(
        AuthenticationError,
      );
      const error = next(socket, 'error');
      subject.next({ event: 'user', data: entity() });
      expect(await error).toMatchObject({ code: 'FORBIDDEN' });
      expect(subject.observed).toBe(false);
    },
  );

  it('OD-04 writes a reply once, however often the interceptor is named', async () => {
    const socket = await connect(await start(UsersGateway));
    expect(await ask(socket, 'twice')).toEqual({ label: 'a+' });
  });

  it('AZ-07 SL-11 writes an answer that took its time for who the socket is then', async () => {
    const socket = await connect(await start(UsersGateway), ['auditor']);
    const answer = ask(socket, 'slow');
    await until(() => live.settle !== undefined, 'the handler runs');
    const { settle, socket: server } = live as { settle: (value: unknown) => void; socket: IoSocket };
    await started.get(WsSocketIdentities).authenticate(server, await tokenOf('alice', []), server.request);
    settle(entity());
    expect(await answer).toEqual({ id: 'u1' });
  });

  it('OD-04 writes what connection.send() is given as declared', async () => {
    const socket = await connect(await start(UsersGateway));
    const user = next(socket, 'user');
    expect(await ask(socket, 'send')).toEqual({ fit: 'sent', unfit: 'dropped' });
    expect(await user).toEqual({ id: 'u1' });
  });

  it('OD-04 answers nothing undeclared where nothing may be', async () => {
    const socket = await connect(await start(UsersGateway, { output: { undeclaredReplies: 'fail' } }));
    expect(await ask(socket, 'send')).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
    expect(await ask(socket, 'list')).toEqual([{ id: 'u1' }]);
  });
});

@UseGuards(WsAuthorizeGuard)
@WebSocketGateway({ namespace: '/users' })
@WsAuthorize()
class BareGateway {
  @WsReply(UserView)
  @SubscribeMessage('one')
  one(): unknown {
    return entity();
  }
}

@UseGuards(WsAuthorizeGuard)
@UseInterceptors(Adding, WsReplyInterceptor)
@WebSocketGateway({ namespace: '/users' })
@WsAuthorize()
class LateGateway {
  @WsReply(UserView)
  @SubscribeMessage('one')
  one(): unknown {
    return entity();
  }
}

@UseGuards(WsAuthorizeGuard)
@UseInterceptors(WsReplyInterceptor)
@WebSocketGateway({ namespace: '/users' })
@WsAuthorize()
class AcknowledgingGateway {
  @WsReply(UserView)
  @SubscribeMessage('one')
  one(@ConnectedSocket() _socket: object, @Ack() acknowledge: (reply: unknown) => void): void {
    acknowledge(entity());
  }
}

@UseGuards(WsAuthorizeGuard)
@UseInterceptors(WsReplyInterceptor)
@WebSocketGateway({ namespace: '/users' })
@WsAuthorize()
class GeneratingGateway {
  @WsReply(UserView)
  @SubscribeMessage('one')
  async *one(): AsyncGenerator<unknown> {
    yield await Promise.resolve(entity());
  }
}

describe('a declared reply on another adapter', () => {
  it.each([
    ['without the interceptor', BareGateway, 'without WsReplyInterceptor'],
    ['that an acknowledgement goes past', AcknowledgingGateway, 'takes an @Ack()'],
    ['that Nest never asks for', GeneratingGateway, 'is an async generator'],
    ['inside another interceptor', LateGateway, 'in front of WsReplyInterceptor'],
  ])('OD-04 stops the boot %s', async (_what, gateway, problem) => {
    const error: unknown = await start(gateway).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SecureWsBootError);
    expect((error as SecureWsBootError).problems.map((each) => each.problem)).toEqual([
      expect.stringContaining(problem),
    ]);
  });
});
