import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred } from '../support/deferred.js';
import { Text } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** What the hooks of the gateway under test do; each test sets its own. */
class Hooks {
  connect: () => unknown = () => undefined;
  disconnect: () => unknown = () => undefined;
  init: () => unknown = () => undefined;
  readonly disconnects: unknown[] = [];
  readonly handled: string[] = [];
}

@WebSocketGateway({ path: '/hooks' })
@WsAuthorize()
class HooksGateway {
  constructor(private readonly hooks: Hooks) {}

  afterInit(): unknown {
    return this.hooks.init();
  }

  handleConnection(): unknown {
    return this.hooks.connect();
  }

  handleDisconnect(client: unknown): unknown {
    this.hooks.disconnects.push(client);
    return this.hooks.disconnect();
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() { text }: Text): Text {
    this.hooks.handled.push(text);
    return { text };
  }
}

const start = async (hooks: Hooks, shape: AppShape = {}) =>
  startApp({ providers: [HooksGateway, { provide: Hooks, useValue: hooks }], ...shape });

const MARKER = 'db-password-1234';
const FAILURES: readonly (readonly [what: string, hook: () => unknown])[] = [
  [
    'throws',
    () => {
      throw new Error(MARKER);
    },
  ],
  [
    'throws a string',
    () => {
      throw MARKER;
    },
  ],
  [
    'throws undefined',
    () => {
      throw undefined;
    },
  ],
  ['rejects', () => Promise.reject(new Error(MARKER))],
  ['rejects with a string', () => Promise.reject(MARKER)],
  ['rejects with undefined', () => Promise.reject(undefined)],
];

describe('handleConnection', () => {
  it.each(FAILURES)('AN-03 closes the connection with 1011 when it %s', async (_, hook) => {
    const crashes = watchForCrashes();
    const hooks = new Hooks();
    hooks.connect = hook;
    const app = await start(hooks);
    const client = await connect(`${app.url}/hooks`, { token: app.token() });
    client.send('echo', { text: 'sent at once' }, 1);

    expect(await client.expectClose(1011)).toEqual({ code: 1011, reason: 'internal' });
    expect(client.unread).toEqual([]);
    expect(hooks.handled).toEqual([]);
    expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'HooksGateway.handleConnection' }]);
    expect(crashes).toEqual([]);
  });

  it('AN-02 holds messages back until it is done, and then hands them on in order', async () => {
    const done = deferred();
    const hooks = new Hooks();
    hooks.connect = () => done.promise;
    const app = await start(hooks);
    const client = await connect(`${app.url}/hooks`, { token: app.token() });
    for (const text of ['one', 'two', 'three']) client.send('echo', { text }, text);
    // The answer to a ping shows that the server has read all that was sent before it.
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await pong;
    expect(hooks.handled).toEqual([]);

    done.resolve();
    expect([await client.next(), await client.next(), await client.next()].map(({ id }) => id)).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  it('AN-02 AN-03 closes with 1011 when it never ends', async () => {
    const clock = new FakeClock(Date.now());
    const hooks = new Hooks();
    hooks.connect = () => deferred().promise;
    const app = await start(hooks, { clock });
    const client = await connect(`${app.url}/hooks`, { token: app.token() });
    client.send('echo', { text: 'x' });
    clock.advance(10_000);
    await client.expectClose(1011);
    expect(hooks.handled).toEqual([]);
  });

  it('AN-02 closes with 1008 a client that floods before it is done', async () => {
    const hooks = new Hooks();
    hooks.connect = () => deferred().promise;
    const app = await start(hooks);
    const client = await connect(`${app.url}/hooks`, { token: app.token() });
    for (let count = 0; count < 40; count++) client.send('echo', { text: 'x' });
    await client.expectClose(1008);
    expect(hooks.handled).toEqual([]);
  });
});

describe('handleDisconnect', () => {
  it.each(FAILURES)('AN-03 DR-14 hurts nobody when it %s', async (_, hook) => {
    const crashes = watchForCrashes();
    const hooks = new Hooks();
    hooks.disconnect = hook;
    const app = await start(hooks);
    const [leaving, staying] = [
      await connect(`${app.url}/hooks`, { token: app.token() }),
      await connect(`${app.url}/hooks`, { token: app.token() }),
    ];
    leaving.socket.close();
    await leaving.expectClose();
    await app.events.seen('ws.connection.closed');
    expect(await staying.request('echo', { text: 'still here' })).toMatchObject({ data: { text: 'still here' } });
    expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'HooksGateway.handleDisconnect' }]);
    expect(hooks.disconnects).toHaveLength(1);
    expect(crashes).toEqual([]);
  });
});

describe('afterInit', () => {
  it.each(FAILURES)('AN-03 DR-14 does not end the process when it %s', async (_, hook) => {
    const crashes = watchForCrashes();
    const hooks = new Hooks();
    hooks.init = hook;
    const app = await start(hooks);
    const client = await connect(`${app.url}/hooks`, { token: app.token() });
    expect(await client.request('echo', { text: 'hello' })).toMatchObject({ data: { text: 'hello' } });
    expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'HooksGateway.afterInit' }]);
    expect(crashes).toEqual([]);
  });
});
