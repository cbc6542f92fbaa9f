import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { type Deferred, deferred } from '../support/deferred.js';
import { Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** A gateway whose slow handler ends when the test says so. */
@WebSocketGateway({ path: '/slow' })
@WsAuthorize()
class SlowGateway {
  readonly started: string[] = [];
  readonly running: Deferred<void>[] = [];

  @SubscribeMessage('slow')
  async slow(@MessageBody() { text }: Text): Promise<Text> {
    this.started.push(text);
    const end = deferred();
    this.running.push(end);
    await end.promise;
    return { text };
  }

  @SubscribeMessage('fast')
  fast(@MessageBody() { text }: Text): Text {
    this.started.push(text);
    return { text };
  }

  finish(): void {
    this.running.shift()?.resolve();
  }
}

const start = async (shape: AppShape = {}) => {
  const app = await startApp({ providers: [SlowGateway], ...shape });
  const client = await connect(`${app.url}/slow`, { token: app.token() });
  const caughtUp = async (): Promise<void> => {
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await pong;
  };
  return { app, client, caughtUp, gateway: app.app.get(SlowGateway) };
};

describe('the messages of a connection', () => {
  it('DR-08 are handled one at a time, in the order in which they came', async () => {
    const { client, gateway, caughtUp } = await start();
    client.send('slow', { text: 'first' }, 1);
    client.send('fast', { text: 'second' }, 2);
    client.send('fast', { text: 'third' }, 3);
    await caughtUp();
    expect(gateway.started).toEqual(['first']);

    gateway.finish();
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      { event: 'slow', id: 1, data: { text: 'first' } },
      { event: 'fast', id: 2, data: { text: 'second' } },
      { event: 'fast', id: 3, data: { text: 'third' } },
    ]);
    expect(gateway.started).toEqual(['first', 'second', 'third']);
  });

  it('DR-08 run side by side up to the number that an option gives', async () => {
    const { client, gateway, caughtUp } = await start({ options: { messages: { maxConcurrentHandlers: 2 } } });
    for (const text of ['a', 'b', 'c']) client.send('slow', { text }, text);
    await caughtUp();
    expect(gateway.started).toEqual(['a', 'b']);
    gateway.finish();
    expect(await client.next()).toMatchObject({ id: 'a' });
    await until(() => gateway.started.length === 3, 'the third handler starts');
    gateway.finish();
    gateway.finish();
    expect([await client.next(), await client.next()].map(({ id }) => id)).toEqual(['b', 'c']);
  });

  it('DR-08 of one connection do not hold up another', async () => {
    const { app, client, gateway, caughtUp } = await start();
    client.send('slow', { text: 'held' }, 1);
    await caughtUp();
    const other = await connect(`${app.url}/slow`, { token: app.token({ sub: 'bob' }) });
    expect(await other.request('fast', { text: 'free' })).toMatchObject({ data: { text: 'free' } });
    gateway.finish();
    expect(await client.next()).toMatchObject({ id: 1 });
  });

  it('DR-08 are all handled in the end, more than the queue holds too', async () => {
    const { client, gateway } = await start({ options: { messages: { maxQueuedMessages: 4 } } });
    client.send('slow', { text: '0' }, 0);
    const ids = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const id of ids) client.send('fast', { text: String(id) }, id);
    await until(() => gateway.started.length === 1, 'the first handler starts');
    gateway.finish();
    const answered: unknown[] = [];
    for (let count = 0; count < 31; count++) answered.push((await client.next()).id);
    expect(answered).toEqual([0, ...ids]);
  });

  it('SL-12 of a client that has gone are dropped, and a late result goes nowhere', async () => {
    const { app, client, gateway } = await start();
    client.send('slow', { text: 'running' }, 1);
    client.send('fast', { text: 'waiting' }, 2);
    await until(() => gateway.started.length === 1, 'the first handler starts');
    client.socket.terminate();
    await app.events.seen('ws.connection.closed');
    gateway.finish();
    await new Promise(setImmediate);
    expect(gateway.started).toEqual(['running']);
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });
});

describe('a handler that takes too long', () => {
  it('DR-09 is answered TIMEOUT, keeps its slot, and its late result is dropped', async () => {
    const clock = new FakeClock(Date.now());
    const { client, gateway, caughtUp } = await start({ clock });
    client.send('slow', { text: 'late' }, 1);
    client.send('fast', { text: 'after' }, 2);
    await caughtUp();
    clock.advance(10_500);
    const reply = await client.next();
    expectError(reply, 'TIMEOUT');
    expect(reply.id).toBe(1);
    expect(gateway.started).toEqual(['late']);

    gateway.finish();
    expect(await client.next()).toMatchObject({ event: 'fast', id: 2 });
    expect(client.unread).toEqual([]);
  });

  it('DR-09 ends in 1011 when it never ends', async () => {
    const clock = new FakeClock(Date.now());
    const { client, gateway } = await start({ clock });
    client.send('slow', { text: 'stuck' }, 1);
    await until(() => gateway.started.length === 1, 'the handler starts');
    clock.advance(10_500);
    expectError(await client.next(), 'TIMEOUT');
    clock.advance(10_500);
    await client.expectClose(1011);
  });
});
