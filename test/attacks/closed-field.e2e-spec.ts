import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { MessageBody, type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  SecureGateway,
  SecureWsModule,
  WsAuthorize,
  WsInputRoles,
  RecordOf,
  WsPayload,
  type WsPolicy,
  WsPublic,
} from '@secure-ws/nestjs';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsSocketIdentities,
  WsValidationPipe,
} from '@secure-ws/nestjs/socket-io';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, ValidateNested } from 'class-validator';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { deferred } from '../support/deferred.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp, startApp } from '../support/start-app.js';
import { until } from '../support/patience.js';
import { TEST_JWT, testToken } from '../support/test-token.js';

class Member {
  @IsString() name!: string;
  @WsInputRoles('admin') @IsIn(['reader', 'writer']) role = 'reader';
}

class Made {
  @Transform(({ value }) => value as unknown) @ValidateNested() @Type(() => Member) lead!: Member;
}

class Team extends Member {
  @IsOptional() @ValidateNested() @Type(() => Member) lead?: Member;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Member) members?: Member[];
  @IsOptional() @RecordOf(() => Member) byName?: Record<string, Member>;
}

@WebSocketGateway({ path: '/teams' })
@WsAuthorize()
class TeamsGateway {
  @SubscribeMessage('set')
  set(@MessageBody() team: Team): Team {
    return team;
  }

  @SubscribeMessage('made')
  made(@MessageBody() made: Made): Made {
    return made;
  }

  @WsPayload([Member])
  @SubscribeMessage('list')
  list(@MessageBody() members: Member[]): Member[] {
    return members;
  }
}

/** Answers when it is told to. */
@Injectable()
class Waiting implements WsPolicy {
  readonly asked = deferred();
  readonly answer = deferred();

  async authorize(): Promise<boolean> {
    this.asked.resolve(undefined);
    await this.answer.promise;
    return true;
  }
}

class Search {
  @WsInputRoles('admin') @IsOptional() @IsBoolean() all?: boolean;
}

@WebSocketGateway({ path: '/waiting' })
class WaitingGateway {
  readonly begun = deferred();
  readonly more = deferred();

  @WsAuthorize()
  @SubscribeMessage('list')
  async *list(@MessageBody() { all }: Search): AsyncIterable<object> {
    yield { all };
    await this.more.promise;
    yield { all };
  }

  @WsAuthorize()
  @SubscribeMessage('one')
  async one(@MessageBody() { all }: Search): Promise<object> {
    this.begun.resolve(undefined);
    await this.more.promise;
    return { all };
  }

  @WsAuthorize(Waiting)
  @SubscribeMessage('set')
  set(@MessageBody() member: Member): Member {
    return member;
  }
}

/** These tests send much, and much that is refused. */
const throttling = {
  connection: [{ limit: 1000, ttl: 1000 }],
  principal: [{ limit: 1000, ttl: 1000 }],
  violations: { budget: 1000 },
};

const PLACES: Readonly<Record<string, readonly [event: string, make: (extra: object) => unknown]>> = {
  'the payload': ['set', (extra) => ({ name: 'a', ...extra })],
  'a nested object': ['set', (extra) => ({ name: 'a', lead: { name: 'b', ...extra } })],
  'a nested list': ['set', (extra) => ({ name: 'a', members: [{ name: 'b' }, { name: 'c', ...extra }] })],
  'what a @Transform() made': ['made', (extra) => ({ lead: { name: 'b', ...extra } })],
  'a record': ['set', (extra) => ({ name: 'a', byName: { x: { name: 'b', ...extra } } })],
  'a list': ['list', (extra) => [{ name: 'b' }, { name: 'c', ...extra }]],
};

const VALUES = ['writer', 'nonsense', null, { $gt: '' }];

describe('a field that is closed to the sender', () => {
  const app = sharedApp({ providers: [TeamsGateway], options: { throttling } });

  it.each(Object.entries(PLACES))('AZ-07 is refused as an unknown one is: in %s', async (_, [event, make]) => {
    for (const roles of [[], ['user'], ['Admin', 'admins']]) {
      const client = await connect(`${app().url}/teams`, { token: app().token({ roles }) });
      for (const value of VALUES) {
        const [closed, unknown] = [
          await client.request(event, make({ role: value })),
          await client.request(event, make({ other: value })),
        ];
        expect(expectError(closed, 'VALIDATION_FAILED').issues?.[0]?.rule).toBe('whitelistValidation');
        expect({ ...(withoutCorrelation(closed) as object), id: 0 }).toEqual({
          ...(withoutCorrelation(unknown) as object),
          id: 0,
        });
      }
      // Who does not name it is served, with the default.
      expect(JSON.stringify((await client.request(event, make({}))).data)).toContain('"role":"reader"');
    }
  });

  it.each(Object.entries(PLACES))('AZ-07 is open to who has the role: in %s', async (_, [event, make]) => {
    const client = await connect(`${app().url}/teams`, { token: app().token({ roles: ['admin'] }) });
    expect(JSON.stringify((await client.request(event, make({ role: 'writer' }))).data)).toContain('"role":"writer"');
    const refused = expectError(await client.request(event, make({ role: 'nonsense' })), 'VALIDATION_FAILED');
    expect(refused.issues?.[0]?.rule).toBe('isIn');
  });
});

interface IoSocket {
  readonly handshake: { readonly auth: { readonly token: string } };
  readonly request: IncomingMessage;
}

interface IoServer {
  use(middleware: (socket: IoSocket, next: () => void) => void): void;
}

@UseGuards(WsAuthorizeGuard)
@UsePipes(WsValidationPipe)
@UseFilters(WsExceptionsFilter)
@WebSocketGateway({ namespace: '/teams' })
@WsAuthorize()
class IoTeamsGateway implements OnGatewayInit {
  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    server.use((socket, next) => {
      void this.#admit(socket, next);
    });
  }

  async #admit(socket: IoSocket, next: () => void): Promise<void> {
    await this.identities.authenticate(socket, socket.handshake.auth.token, socket.request);
    next();
  }

  @SubscribeMessage('set')
  set(@MessageBody() team: Team): Team {
    return team;
  }

  @SubscribeMessage('made')
  made(@MessageBody() made: Made): Made {
    return made;
  }

  @WsPayload([Member])
  @SubscribeMessage('list')
  list(@MessageBody() members: Member[]): Member[] {
    return members;
  }
}

async function startIo(): Promise<number> {
  const module = await Test.createTestingModule({
    imports: [SecureWsModule.forRoot({ adapter: false, authentication: { jwt: TEST_JWT }, throttling })],
    providers: [IoTeamsGateway],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, '127.0.0.1');
  return ((app.getHttpServer() as Server).address() as AddressInfo).port;
}

async function connectIo(port: number, roles: readonly string[]): Promise<Socket> {
  const auth = { token: testToken({ roles }) };
  const socket = io(`http://127.0.0.1:${port}/teams`, { auth, transports: ['websocket'], reconnection: false });
  onTestFinished(() => void socket.disconnect());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

describe('a field that is closed to the sender, on Socket.IO', () => {
  it('AZ-07 is refused as an unknown one is, and open to who has the role', async () => {
    const port = await startIo();
    const [user, admin] = [await connectIo(port, ['user']), await connectIo(port, ['admin'])];
    for (const [event, make] of Object.values(PLACES)) {
      const ask = async (socket: Socket, extra: object): Promise<Record<string, unknown>> =>
        (await socket.timeout(5000).emitWithAck(event, make(extra))) as Record<string, unknown>;
      for (const value of VALUES) {
        const [closed, unknown] = [await ask(user, { role: value }), await ask(user, { other: value })];
        expect(closed).toMatchObject({ event: 'error', data: { code: 'VALIDATION_FAILED' } });
        expect((closed as { data: { issues: unknown } }).data.issues).toEqual(
          (unknown as { data: { issues: unknown } }).data.issues,
        );
      }
      expect(JSON.stringify(await ask(user, {}))).toContain('"role":"reader"');
      expect(JSON.stringify(await ask(admin, { role: 'writer' }))).toContain('"role":"writer"');
    }
  });
});

@WebSocketGateway({ path: '/open' })
@SecureGateway({ anonymous: true })
class OpenGateway {
  @WsPublic()
  @SubscribeMessage('set')
  set(@MessageBody() _: Member): void {}
}

describe('a field that is closed in a public handler', () => {
  it('AZ-07 stops the boot', async () => {
    const problems = await bootProblems({ providers: [OpenGateway] });
    expect(problems).toMatchObject([
      { where: 'OpenGateway.set', problem: expect.stringContaining('@WsInputRoles()') as string },
    ]);
  });
});

it.each([
  [['admin', 'other'], true],
  [['other'], false],
])('AZ-07 SL-11 is closed to who loses the role while a policy is asked: %j', async (now, isOpen) => {
  const app = await startApp({
    providers: [WaitingGateway, Waiting],
    options: { messages: { maxConcurrentHandlers: 2 } },
  });
  const policy = app.app.get(Waiting);
  const tokenOf = (roles: readonly string[], expiresInSeconds: number) => app.token({ roles, expiresInSeconds });
  const client = await connect(`${app.url}/waiting`, { token: tokenOf(['admin'], 300), protocols: ['secure-ws.v1'] });
  client.send('set', { name: 'Bob', role: 'writer' }, 'set');
  await policy.asked.promise;
  client.send('$auth', { token: tokenOf(now, 600) }, 'auth');
  await until(() => app.events.ofType('ws.connection.refreshed').length === 1, 'the roles are others');
  policy.answer.resolve(undefined);
  const frames = [await client.next(), await client.next()];
  const [answer = { event: 'none' }] = frames.filter(({ id }) => id === 'set');
  if (isOpen) expect(answer).toMatchObject({ event: 'set', data: { role: 'writer' } });
  else expectError(answer, 'FORBIDDEN');
});

describe('what a closed field has opened', () => {
  const cases: readonly [event: string, now: readonly string[], isOpen: boolean][] = [
    ['list', ['guest'], false],
    ['list', ['admin', 'guest'], true],
    ['one', ['guest'], false],
    ['one', ['admin', 'guest'], true],
  ];

  it.each(cases)('AZ-07 SL-11 is refused to who loses the role while its handler runs: %s as %j', async (...args) => {
    const [event, now, isOpen] = args;
    const app = await startApp({
      providers: [WaitingGateway, Waiting],
      options: { messages: { maxConcurrentHandlers: 2 } },
    });
    const tokenOf = (roles: readonly string[], expiresInSeconds: number) => app.token({ roles, expiresInSeconds });
    const client = await connect(`${app.url}/waiting`, { token: tokenOf(['admin'], 300), protocols: ['secure-ws.v1'] });
    const gateway = app.app.get(WaitingGateway);
    client.send(event, { all: true }, 'all');
    if (event === 'list') expect(await client.next()).toMatchObject({ data: { all: true }, id: 'all' });
    else await gateway.begun.promise;
    client.send('$auth', { token: tokenOf(now, 600) }, 'auth');
    await until(() => app.events.ofType('ws.connection.refreshed').length === 1, 'the roles are others');
    gateway.more.resolve(undefined);
    const frames = [await client.next(), await client.next()];
    const [answer = { event: 'none' }] = frames.filter(({ id }) => id === 'all');
    if (isOpen) expect(answer).toMatchObject({ event, data: { all: true } });
    else expectError(answer, 'FORBIDDEN');
    expect(app.events.ofType('ws.message.refused')).toMatchObject(isOpen ? [] : [{ reason: 'claims' }]);
  });
});
