import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import {
  WsAuthorize,
  WsConnection,
  WsConnectionLifecycleService,
  WsReply,
  type OutputDeclaration,
  type WsSendOutcome,
} from '@secure-ws/nestjs';
import { Expose, Type } from 'class-transformer';
import { IsString } from 'class-validator';
import { from, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { expectError } from '../support/error-frame.js';
import { connect, type Client } from '../support/queueing-client.js';
import { type AppShape, type RunningApp, sharedApp, startApp } from '../support/start-app.js';

const HASH = '$2b$10$passwordhash-canary';

class TeamView {
  @Expose() name!: string;
  @Expose() @Type(() => UserView) members?: UserView[];
}

class UserView {
  @Expose() id!: string;
  @Expose() @Type(() => TeamView) team?: TeamView;
  @Expose({ groups: ['auditor'] }) salary?: number;
}

/** A row as an ORM loads it: everything, with relations. */
class UserEntity {
  passwordHash = HASH;
  salary = 100;
  constructor(
    public id: unknown,
    public team?: unknown,
  ) {}
  toJSON(): unknown {
    return Object.fromEntries(Object.entries(this));
  }
}

const entity = (): UserEntity =>
  new UserEntity('u1', { name: 'red', passwordHash: HASH, members: [new UserEntity('u2')] });

const VIEW = { id: 'u1', team: { name: 'red', members: [{ id: 'u2' }] } };

class Kind {
  @IsString() kind!: string;
}

@WebSocketGateway({ path: '/users' })
@WsAuthorize()
class UsersGateway {
  /** Makes what the handlers return. */
  make: () => unknown = entity;
  sent?: WsSendOutcome;

  get value(): unknown {
    return this.make();
  }

  @WsReply(UserView)
  @SubscribeMessage('one')
  one(): unknown {
    return this.value;
  }

  @WsReply(UserView)
  @SubscribeMessage('later')
  later(): Promise<unknown> {
    return Promise.resolve(this.value);
  }

  @WsReply(UserView)
  @SubscribeMessage('named')
  named(): WsResponse<unknown> {
    return { event: 'renamed', data: this.value };
  }

  @WsReply([UserView])
  @SubscribeMessage('list')
  list(): unknown {
    const { value } = this;
    return [value, value];
  }

  @WsReply(UserView)
  @SubscribeMessage('observable')
  observable(): Observable<unknown> {
    return of(entity(), this.value);
  }

  @WsReply(UserView)
  @SubscribeMessage('iterable')
  async *iterable(): AsyncGenerator<unknown> {
    yield await Promise.resolve(entity());
    yield this.value;
  }

  @SubscribeMessage('send')
  send(@WsConnection() connection: WsConnection, @MessageBody() { kind }: Kind): void {
    const as = { one: UserView, list: [UserView], missing: undefined, none: Kind }[kind] as OutputDeclaration;
    this.sent = connection.send('user', this.value, { as });
  }

  @SubscribeMessage('whole')
  whole(): unknown {
    return { id: 'u1', note: 'whole' };
  }
}

const shape: AppShape = { providers: [UsersGateway] };

async function enter(app: RunningApp, make: () => unknown, roles: readonly string[] = []): Promise<Client> {
  app.app.get(UsersGateway).make = make;
  app.events.clear();
  return connect(`${app.url}/users`, { token: app.token({ roles }) });
}

describe('an entity with a password hash', () => {
  const app = sharedApp(shape);

  it.each([
    ['a reply', 'one', { event: 'one', data: VIEW }],
    ['a promise', 'later', { event: 'later', data: VIEW }],
    ['an event of its own', 'named', { event: 'renamed', data: VIEW }],
    ['a list', 'list', { event: 'list', data: [VIEW, VIEW] }],
  ])('OD-04 leaves as what its output DTO exposes: %s', async (_what, event, expected) => {
    const client = await enter(app(), entity);
    expect(await client.request(event)).toEqual({ ...expected, id: expect.anything() as unknown });
  });

  it.each(['one', 'later'])('OD-04 leaves as that where the client waits for no answer: %s', async (event) => {
    const client = await enter(app(), entity);
    client.send(event);
    expect(await client.next()).toEqual({ event, data: VIEW });
  });

  it.each(['observable', 'iterable'])('OD-04 leaves each value of a stream as that: %s', async (event) => {
    const client = await enter(app(), entity);
    client.send(event, undefined, 7);
    for (let i = 0; i < 2; i++) expect(await client.next()).toEqual({ event, id: 7, data: VIEW });
    expect(await client.next()).toEqual({ event, id: 7, end: true });
  });

  it('OD-04 leaves as that where the application sends it by itself', async () => {
    const client = await enter(app(), entity);
    client.send('send', { kind: 'one' });
    expect(await client.next()).toEqual({ event: 'user', data: VIEW });
    app().app.get(UsersGateway).make = () => [entity()];
    client.send('send', { kind: 'list' });
    expect(await client.next()).toEqual({ event: 'user', data: [VIEW] });
  });

  it('OD-04 AZ-07 leaves as that to many at once, each as its roles allow', async () => {
    const [staff, auditor, other] = [
      await enter(app(), entity),
      await enter(app(), entity, ['auditor']),
      await enter(app(), entity, ['x']),
    ];
    const lifecycle = app().app.get(WsConnectionLifecycleService);
    const before = lifecycle.count;
    expect(lifecycle.send({ path: '/users' }, 'user', entity(), { as: UserView })).toMatchObject({ sent: before });
    expect(await staff.next()).toEqual({ event: 'user', data: VIEW });
    expect(await other.next()).toEqual({ event: 'user', data: VIEW });
    expect(await auditor.next()).toMatchObject({ event: 'user', data: { id: 'u1', salary: 100 } });
  });

  it('OD-04 AZ-07 does not leave through a misspelt option', async () => {
    const alice = await enter(app(), entity);
    const lifecycle = app().app.get(WsConnectionLifecycleService);
    for (const options of [{ As: UserView }, { as: UserView, groups: ['x'] }]) {
      expect(lifecycle.send({ path: '/users' }, 'user', entity(), options as object)).toMatchObject({
        sent: 0,
        queued: 0,
      });
    }
    expect(lifecycle.send({ path: '/users' }, 'last', entity(), { as: UserView }).sent).toBeGreaterThan(0);
    expect(await alice.next()).toEqual({ event: 'last', data: VIEW });
  });

  it('AZ-07 shows a field of a group to who has that role, and to nobody else', async () => {
    const auditor = await enter(app(), entity, ['auditor']);
    expect(await auditor.request('one')).toMatchObject({ data: { salary: 100, team: { members: [{ salary: 100 }] } } });
    const other = await enter(app(), entity, ['Auditor', 'salary']);
    expect(JSON.stringify(await other.request('one'))).not.toContain('salary');
  });
});

describe('a reply that is not what was declared', () => {
  const app = sharedApp(shape);

  it.each<readonly [what: string, make: () => unknown]>([
    ['a list for an object', () => [entity()]],
    ['a text', () => HASH],
    ['an object for a text', () => new UserEntity({ passwordHash: HASH })],
    ['a promise inside', () => new UserEntity('u', Promise.reject(new Error(HASH)))],
    [
      'a proxy whose traps throw',
      () => new Proxy({}, { get: broken, has: broken, getPrototypeOf: broken, ownKeys: broken }),
    ],
    ['an accessor that throws', () => Object.defineProperty({}, 'id', { enumerable: true, get: broken })],
    ['what contains itself', () => cyclic()],
    ['a function', () => () => HASH],
  ])('OD-04 is not sent, and is audited: %s', async (_what, make) => {
    const client = await enter(app(), make);
    for (const event of ['one', 'list', 'named', 'later']) {
      app().events.clear();
      const reply = await client.request(event);
      expectError(reply, 'INTERNAL');
      expect(JSON.stringify(reply)).not.toContain('canary');
      const [refused] = app().events.ofType('ws.message.refused');
      expect(['reply-undeclared', 'reply-not-serialisable', 'handler-failed']).toContain(refused?.reason);
    }
    expect(await client.request('whole')).toMatchObject({ data: { note: 'whole' } });
  });

  it.each(['observable', 'iterable'])('OD-04 ends a stream, after what was good in it: %s', async (event) => {
    const client = await enter(app(), () => HASH);
    client.send(event, undefined, 7);
    expect(await client.next()).toEqual({ event, id: 7, data: VIEW });
    const reply = await client.next();
    expectError(reply, 'INTERNAL');
    expect(JSON.stringify(reply)).not.toContain('canary');
    expect(app().events.ofType('ws.message.refused')[0]?.reason).toBe('reply-undeclared');
    expect(await client.request('whole')).toMatchObject({ event: 'whole' });
  });

  it.each<readonly [what: string, kind: string, make: () => unknown]>([
    ['a list for one', 'one', () => [entity()]],
    ['one for a list', 'list', () => entity()],
    ['a class that a circular import has not made', 'missing', () => entity()],
    ['a class that exposes nothing', 'none', () => entity()],
    ['a promise', 'one', () => Promise.reject(new Error(HASH))],
  ])('OD-04 is not sent by the application itself: %s', async (_what, kind, make) => {
    const client = await enter(app(), make);
    client.send('send', { kind }, 1);
    expect(await client.next()).toEqual({ event: 'send', id: 1 });
    expect(app().app.get(UsersGateway).sent).toBe('dropped');
    expect(app().events.ofType('ws.application.failed')).toMatchObject([{ where: 'WsConnection.send' }]);
  });

  it('OD-04 goes to nobody where it was for many, and is reported once', async () => {
    const client = await enter(app(), entity);
    const lifecycle = app().app.get(WsConnectionLifecycleService);
    const toNobody = { sent: 0, queued: 0, dropped: lifecycle.count, closed: 0 };
    expect(lifecycle.send({}, 'user', [entity()], { as: UserView })).toEqual(toNobody);
    expect(lifecycle.send({}, 'user', { id: 1n })).toEqual(toNobody);
    expect(lifecycle.send({}, 'user', { id: 'x'.repeat(2 * 1024 * 1024) }, { as: UserView })).toEqual(toNobody);
    expect(app().events.ofType('ws.application.failed')).toMatchObject([
      { where: 'WsConnectionLifecycleService.send' },
    ]);
    expect(await client.request('whole')).toMatchObject({ event: 'whole' });
  });
});

describe('an application that finds undeclared fields', () => {
  it('OD-04 answers INTERNAL, and names handler and field in the log alone', async () => {
    const app = await startApp({ ...shape, options: { output: { undeclaredFields: 'fail' } } });
    const client = await enter(app, entity);
    const reply = await client.request('one');
    expect(expectError(reply, 'INTERNAL').message).not.toContain('passwordHash');
    const line = app.log.lines.find((each) => each.includes('passwordHash'));
    expect(line).toContain('UsersGateway.one');
    expect(line).toContain('is not exposed by UserView');
    expect(line).not.toContain('canary');
    app.app.get(UsersGateway).make = () => ({ id: 'u1', salary: 1 });
    expect(await client.request('one')).toMatchObject({ data: { id: 'u1' } });
  });

  it('OD-04 tells the client too under detailedErrors', async () => {
    const options = { output: { undeclaredFields: 'fail' as const }, detailedErrors: true };
    const app = await startApp({ ...shape, options });
    const client = await enter(app, entity);
    expect(expectError(await client.request('one'), 'INTERNAL').message).toContain('`passwordHash`');
  });
});

describe('an application that sends nothing undeclared', () => {
  it('OD-04 answers INTERNAL for a handler without @WsReply, and sends nothing without `as`', async () => {
    const app = await startApp({ ...shape, options: { output: { undeclaredReplies: 'fail' } } });
    const client = await enter(app, entity);
    expect(await client.request('one')).toMatchObject({ data: VIEW });
    expectError(await client.request('whole'), 'INTERNAL');
    // A handler that answers nothing has nothing to declare.
    client.send('send', { kind: 'one' }, 3);
    expect(await client.next()).toEqual({ event: 'user', data: VIEW });
    expect(await client.next()).toEqual({ event: 'send', id: 3 });
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    expect(lifecycle.send({}, 'user', { id: 'u1' })).toMatchObject({ sent: 0, dropped: 1 });
    const [connection] = lifecycle.find();
    expect(connection?.send('user', { id: 'u1' })).toBe('dropped');
    expect(connection?.send('user', { id: 'u1' }, {})).toBe('dropped');
  });
});

class Vague {
  @Expose() anything!: unknown;
}

@WebSocketGateway({ path: '/vague' })
@WsAuthorize()
class VagueGateway {
  @WsReply(Vague)
  @SubscribeMessage('vague')
  vague(): unknown {
    return from([]);
  }

  @WsReply(undefined as never)
  @SubscribeMessage('missing')
  missing(): unknown {
    return {};
  }

  @WsReply(Kind)
  @SubscribeMessage('nothing')
  nothing(): unknown {
    return {};
  }
}

describe('a declared reply that says nothing', () => {
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);

  it.each<readonly [what: string, options: AppShape['options']]>([
    ['', {}],
    [' under migration', { migration: { gateways: [VagueGateway], until } }],
  ])('OD-04 stops the boot%s', async (_what, options) => {
    const problems = await bootProblems({ providers: [VagueGateway], options: options ?? {} });
    expect(problems.map(({ where }) => where)).toEqual(['Vague.anything', 'VagueGateway.missing', 'Kind']);
  });

  it('OD-04 holds on a gateway under migration', async () => {
    const app = await startApp({ ...shape, options: { migration: { gateways: [UsersGateway], until } } });
    const client = await enter(app, entity);
    expect(await client.request('one')).toMatchObject({ data: VIEW });
    app.app.get(UsersGateway).make = () => HASH;
    expectError(await client.request('one'), 'INTERNAL');
  });
});

function broken(): never {
  throw new Error(HASH);
}

function cyclic(): unknown {
  const team: Record<string, unknown> = { name: 'red' };
  const user = new UserEntity('u1', team);
  team['members'] = [user, user];
  return user;
}
