import { Injectable, Scope } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  OnWsConnected,
  OnWsDisconnected,
  OnWsRefreshed,
  type Principal,
  WsAuthorize,
  type WsClose,
  type WsConnection,
  WsConnectionLifecycleService,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred } from '../support/deferred.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** What happened, in its order; and what each test has the hooks do. */
class Story {
  readonly lines: string[] = [];
  connected: (connection: WsConnection) => unknown = () => undefined;
  disconnected: () => unknown = () => undefined;
  handleConnection: () => unknown = () => undefined;
}

@WebSocketGateway({ path: '/desk' })
@WsAuthorize()
class DeskGateway {
  constructor(private readonly story: Story) {}

  handleConnection(): unknown {
    this.story.lines.push('handleConnection');
    return this.story.handleConnection();
  }

  handleDisconnect(): void {
    this.story.lines.push('handleDisconnect');
  }

  @SubscribeMessage('say')
  say(): boolean {
    this.story.lines.push('say');
    return true;
  }
}

/** A second gateway on the same path: its connections are the same ones. */
@WebSocketGateway({ path: '/desk' })
@WsAuthorize()
class SameDeskGateway {
  @SubscribeMessage('other')
  other(): boolean {
    return true;
  }
}

class Inherited {
  constructor(protected readonly story: Story) {}

  @OnWsDisconnected()
  async onGone(connection: WsConnection, { name, initiator }: WsClose): Promise<void> {
    this.story.lines.push(`gone ${connection.principal.id} ${String(name)} ${initiator}`);
    await this.story.disconnected();
    this.story.lines.push('gone is over');
  }
}

@Injectable()
class Presence extends Inherited {
  constructor(story: Story) {
    super(story);
  }

  @OnWsConnected('/desk')
  async onConnected(connection: WsConnection): Promise<void> {
    this.story.lines.push(`connected ${connection.principal.id}`);
    await this.story.connected(connection);
    this.story.lines.push('connected is over');
  }

  @OnWsRefreshed('desk')
  onRefreshed(connection: WsConnection, before: Principal): void {
    this.story.lines.push(`refreshed ${before.roles.join()} to ${connection.principal.roles.join()}`);
  }
}

const start = async (story = new Story(), shape: AppShape = {}) => {
  const app = await startApp({
    providers: [
      ...[DeskGateway, SameDeskGateway, EchoGateway, Presence],
      ...[
        { provide: Story, useValue: story },
        { provide: 'presence', useExisting: Presence },
      ],
    ],
    ...shape,
  });
  return { app, story, lifecycle: app.app.get(WsConnectionLifecycleService) };
};

const FAILURES: readonly (readonly [what: string, hook: () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error('db-password-1234');
    },
  ],
  ['rejects', () => Promise.reject(new Error('db-password-1234'))],
  ['rejects with undefined', () => Promise.reject(undefined)],
];

describe('connection hooks', () => {
  it('AN-02 are called once, after handleConnection and before the first message, and once at the end', async () => {
    const { app, story } = await start();
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    expect(await client.request('say')).toMatchObject({ data: true });
    client.socket.close(1000);
    await until(() => story.lines.includes('gone is over'), 'the end is told');
    expect(story.lines).toEqual([
      ...['handleConnection', 'connected alice', 'connected is over', 'say'],
      ...['handleDisconnect', 'gone alice NORMAL client', 'gone is over'],
    ]);
  });

  it('AN-02 hold the messages back until they are done, and may label or close the connection', async () => {
    const done = deferred();
    const story = new Story();
    story.connected = async (connection) => {
      connection.setLabel('room', 'lobby');
      await done.promise;
    };
    const { app, lifecycle } = await start(story);
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    client.send('say', undefined, 1);
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await pong;
    expect(story.lines).toEqual(['handleConnection', 'connected alice']);
    expect(lifecycle.find({ labels: { room: 'lobby' } })).toHaveLength(1);
    done.resolve();
    expect(await client.next()).toMatchObject({ id: 1 });

    story.connected = (connection) => {
      connection.close('GOING_AWAY');
    };
    const refused = await connect(`${app.url}/desk`, { token: app.token() });
    refused.send('say');
    await refused.expectClose(1001);
    await until(() => story.lines.includes('gone alice GOING_AWAY server'), 'the end is told');
    expect(story.lines.filter((line) => line === 'say')).toHaveLength(1);
  });

  it('are told of connections at their paths only', async () => {
    const { app, story } = await start();
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await client.request('echo', { text: 'x' })).toMatchObject({ event: 'echo' });
    client.socket.close(1000);
    await until(() => story.lines.includes('gone is over'), 'the end is told');
    expect(story.lines).toEqual(['gone alice NORMAL client', 'gone is over']);
  });

  it('SL-11 are told of another identity, and of the one before', async () => {
    const clock = new FakeClock(Date.now());
    const { app, story } = await start(new Story(), { clock });
    const client = await connect(`${app.url}/desk`, {
      token: app.token({ roles: ['reader'], expiresInSeconds: 60 }),
      protocols: ['secure-ws.v1'],
    });
    await client.request('say');
    const token = app.token({ roles: ['reader', 'writer'], expiresInSeconds: 600 });
    expect(await client.request('$auth', { token })).toMatchObject({ event: '$auth' });
    expect(story.lines).toContain('refreshed reader to reader,writer');
  });

  it('AN-03 are not called for a connection that handleConnection refuses', async () => {
    const story = new Story();
    story.handleConnection = () => Promise.reject(new Error('not you'));
    const { app } = await start(story);
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    await client.expectClose(1011);
    await app.events.seen('ws.connection.closed');
    expect(story.lines).toEqual(['handleConnection', 'handleDisconnect']);
  });

  it.each(FAILURES)('DR-14 harm nobody and are logged: one %s at the beginning', async (_, hook) => {
    const crashes = watchForCrashes();
    const story = new Story();
    story.connected = hook;
    const { app } = await start(story);
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    expect(await client.request('say')).toMatchObject({ data: true });
    expect(app.events.ofType('ws.application.failed')).toMatchObject([
      { where: 'Presence.onConnected', connectionId: expect.any(String) as string },
    ]);
    expect(app.log.lines.join('\n')).toContain('Presence.onConnected');
    expect(JSON.stringify(app.events.ofType('ws.application.failed'))).not.toContain('db-password');
    expect(crashes).toEqual([]);
  });

  it.each(FAILURES)('DR-14 harm nobody and are logged: one %s at the end', async (_, hook) => {
    const crashes = watchForCrashes();
    const story = new Story();
    story.disconnected = hook;
    const { app, lifecycle } = await start(story);
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    await client.request('say');
    client.socket.terminate();
    await app.events.seen('ws.application.failed');
    expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'Presence.onGone' }]);
    expect(lifecycle.count).toBe(0);
    expect(crashes).toEqual([]);
  });

  it('DR-14 harm nobody where one never ends: the messages come in when its time is over', async () => {
    const clock = new FakeClock(Date.now());
    const story = new Story();
    story.connected = () => deferred().promise;
    const { app } = await start(story, { clock });
    const client = await connect(`${app.url}/desk`, { token: app.token({ expiresInSeconds: 600 }) });
    client.send('say', undefined, 1);
    await until(() => story.lines.includes('connected alice'), 'the hook runs');
    clock.advance(10_000);
    expect(await client.next()).toMatchObject({ id: 1 });
    expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'Presence.onConnected' }]);
    client.socket.close(1000);
    await until(() => story.lines.includes('gone is over'), 'the end is told');
    expect(story.lines.filter((line) => line.startsWith('connected'))).toEqual(['connected alice']);
  });

  it('are not told of the end before they are done with the beginning', async () => {
    const done = deferred();
    const story = new Story();
    story.connected = () => done.promise;
    const { app } = await start(story);
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    client.socket.terminate();
    await app.events.seen('ws.connection.closed');
    expect(story.lines).not.toContain('gone alice undefined network');
    done.resolve();
    await until(() => story.lines.includes('gone is over'), 'the end is told');
    expect(story.lines.slice(-3)).toEqual(['connected is over', 'gone alice undefined network', 'gone is over']);
  });

  it('DR-21 are waited for when the application shuts down', async () => {
    const done = deferred();
    const story = new Story();
    story.disconnected = () => done.promise;
    const { app, lifecycle } = await start(story);
    const client = await connect(`${app.url}/desk`, { token: app.token() });
    await client.request('say');
    let isDrained = false;
    const drained = lifecycle.drain().then(() => {
      isDrained = true;
    });
    await client.expectClose(1012);
    await until(() => story.lines.includes('gone alice RESTART server'), 'the hook runs');
    expect(isDrained).toBe(false);
    done.resolve();
    await drained;
    expect(story.lines.at(-1)).toBe('gone is over');
  });

  it('DR-15 leave no timer behind', async () => {
    const clock = new FakeClock(Date.now());
    const { app, story } = await start(new Story(), { clock });
    const before = clock.pending;
    for (let i = 0; i < 20; i++) {
      const client = await connect(`${app.url}/desk`, { token: app.token() });
      await client.request('say');
      client.socket.close(1000);
      await client.expectClose(1000);
    }
    await until(() => story.lines.filter((line) => line === 'gone is over').length === 20, 'all ends are told');
    await until(() => clock.pending === before, 'no timer is left');
    expect(clock.pending).toBe(before);
  });
});

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @OnWsConnected()
  onConnected(): void {
    // Nobody would call it.
  }
}

@Injectable()
class Misspelt {
  @OnWsDisconnected('/eco')
  onGone(): void {
    // Nobody would call it.
  }
}

@Injectable()
class Elsewhere {
  @OnWsRefreshed()
  onRefreshed(): void {
    // Nobody would call it.
  }
}

describe('a connection hook that would never be called', () => {
  it.each<readonly [what: string, provider: new () => object, options: AppShape['options'], problem: string]>([
    ['an instance for each request', PerRequest, {}, 'a new instance is made for each use'],
    ['a path that no gateway has', Misspelt, {}, "@OnWsDisconnected('/eco'), and no gateway has that path"],
    ['another adapter', Elsewhere, { adapter: false }, 'connections are those of another adapter'],
  ])('DP-02 stops the boot: %s', async (_, provider, options, problem) => {
    expect(await bootProblems({ providers: [EchoGateway, provider], options: options ?? {} })).toContainEqual(
      expect.objectContaining({
        where: expect.stringMatching(`^${provider.name}\\.`) as string,
        problem: expect.stringContaining(problem) as string,
      }),
    );
  });
});
