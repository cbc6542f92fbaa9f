import { SubscribeMessage, WebSocketGateway, WebSocketServer as Server } from '@nestjs/websockets';
import { WsAuthorize, WsConnection, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import type { WebSocket, WebSocketServer } from 'ws';
// What messages/ sees of a connection.
import type { ManagedConnection } from '../../packages/nestjs/src/lifecycle/managed-connection.js';
import { FakeClock } from '../support/fake-clock.js';
import { expectSoon, until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** The default of `lifecycle.maxOutboundBytes`. */
const MAX_OUTBOUND_BYTES = 1_048_576;
const TEXT = 'x'.repeat(65_500);
const MESSAGE = JSON.stringify({ event: 'news', data: TEXT });
/** More than the buffers of the kernel on both sides and the limit together. */
const FLOOD_BYTES = 100 * 1024 * 1024;

/** A gateway that pushes, in each way that a gateway can. */
@WebSocketGateway({ path: '/feed' })
@WsAuthorize()
class FeedGateway {
  @Server()
  server!: WebSocketServer;
  readonly clients: WebSocket[] = [];

  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }

  @SubscribeMessage('hello')
  hello(@WsConnection() connection: WsConnection): boolean {
    return connection.isOpen;
  }
}

const start = async (shape: AppShape = {}) => {
  const app = await startApp({ providers: [FeedGateway], ...shape });
  return { app, gateway: app.app.get(FeedGateway), lifecycle: app.app.get(WsConnectionLifecycleService) };
};

/** Sends through `push` until the connection is closed, and gives the most that waited at any time. */
function flood(client: WebSocket, push: () => void): number {
  let most = 0;
  for (let sent = 0; sent < FLOOD_BYTES; sent += MESSAGE.length) {
    push();
    most = Math.max(most, client.bufferedAmount);
  }
  return most;
}

describe('a client that does not read', () => {
  it.each<readonly [what: string, push: (gateway: FeedGateway, lifecycle: WsConnectionLifecycleService) => void]>([
    ['client.send()', ({ clients }) => clients[0]?.send(MESSAGE)],
    [
      'a broadcast over server.clients',
      ({ server }) => {
        for (const client of server.clients) client.send(MESSAGE);
      },
    ],
    ['connection.send()', (_, lifecycle) => lifecycle.find()[0]?.send('news', TEXT)],
  ])('DR-10 is closed with 4010, and little waits for it: %s', async (_, push) => {
    const { app, gateway, lifecycle } = await start();
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    client.socket.pause();
    const [socket] = gateway.clients as [WebSocket];
    const most = flood(socket, () => {
      push(gateway, lifecycle);
    });
    expect(most).toBeLessThanOrEqual(MAX_OUTBOUND_BYTES + 2 * MESSAGE.length);
    expect(lifecycle.find()[0]?.isOpen).toBe(false);
    client.socket.resume();
    await app.events.seen('ws.connection.closed');
    expect(app.events.ofType('ws.connection.closed')).toMatchObject([{ reason: 'SLOW_CONSUMER', codeSent: 4010 }]);
  });

  it.each<readonly [kind: string, message: string | Buffer]>([
    ['text', 'x'.repeat(12 * 1024 * 1024)],
    ['bytes', Buffer.alloc(12 * 1024 * 1024)],
  ])('DR-10 F21 is not sent a message that is larger than all that may wait: %s', async (_, message) => {
    const { app, gateway } = await start();
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    const [socket] = gateway.clients as [WebSocket];
    const error = await expectSoon(
      new Promise((resolve) => {
        socket.send(message, resolve);
      }),
      'the callback',
    );
    expect(error).toBeInstanceOf(Error);
    expect(socket.bufferedAmount).toBeLessThan(1000);
    await client.expectClose(4010);
    expect(client.unread).toEqual([]);
  });

  it('DR-10 F21 is sent a pull-based stream no faster than it reads, however long it pauses', async () => {
    const clock = new FakeClock(Date.now());
    const { app, gateway, lifecycle } = await start({ clock });
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    const [socket] = gateway.clients as [WebSocket];
    const connection = lifecycle.find()[0] as unknown as ManagedConnection;
    client.socket.pause();
    const total = 200;
    let sent = 0;
    let most = 0;
    const pull = (): void => {
      while (sent < total && connection.canSend) {
        sent++;
        connection.offer(MESSAGE, 'x');
        most = Math.max(most, socket.bufferedAmount);
      }
      if (sent < total) connection.onDrain(pull);
    };
    pull();
    await until(() => !connection.canSend, 'the buffers are full');
    const sentBeforeReading = sent;
    client.socket.resume();
    for (let received = 0; received < total; received++) expect(await client.next()).toMatchObject({ event: 'news' });
    expect(sentBeforeReading).toBeLessThan(total);
    expect(most).toBeLessThan(4 * MESSAGE.length);
    expect(connection.isOpen).toBe(true);
  });

  it('DR-10 does not hold up those who do', async () => {
    const { app, gateway } = await start();
    const stuck = await connect(`${app.url}/feed`, { token: app.token() });
    const reader = await connect(`${app.url}/feed`, { token: app.token({ sub: 'bob' }) });
    await stuck.request('hello');
    await reader.request('hello');
    stuck.socket.pause();
    let pushed = 0;
    while (gateway.clients[0]?.readyState === 1) {
      // Both get everything; the one that reads is given the time to.
      for (const client of gateway.server.clients) client.send(MESSAGE);
      pushed++;
      expect(await reader.next()).toMatchObject({ event: 'news' });
      expect(pushed).toBeLessThan(FLOOD_BYTES / MESSAGE.length);
    }
    expect(await reader.request('hello')).toMatchObject({ data: true });
    stuck.socket.resume();
  });

  it('DR-10 is closed with 4010 after a while for a little, too', async () => {
    const clock = new FakeClock(Date.now());
    const { app, gateway, lifecycle } = await start({ clock });
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    client.socket.pause();
    const [socket] = gateway.clients as [WebSocket];
    for (let sent = 0; socket.bufferedAmount === 0 && sent < FLOOD_BYTES; sent += MESSAGE.length) {
      socket.send(MESSAGE);
      // Messages leave at the end of a turn.
      await new Promise(setImmediate);
    }
    expect(socket.bufferedAmount).toBeGreaterThan(0);
    expect(socket.bufferedAmount).toBeLessThan(MAX_OUTBOUND_BYTES);
    clock.advance(9000);
    expect(lifecycle.find()[0]?.isOpen).toBe(true);
    clock.advance(1500);
    expect(lifecycle.find()[0]?.isOpen).toBe(false);
    client.socket.resume();
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'SLOW_CONSUMER' });
  });

  it('SL-01 DR-10 does not outlive its identity by what waits for it', async () => {
    const clock = new FakeClock(Date.now());
    const { app, gateway, lifecycle } = await start({ clock });
    const client = await connect(`${app.url}/feed`, { token: app.token({ expiresInSeconds: 5 }) });
    await client.request('hello');
    client.socket.pause();
    const [socket] = gateway.clients as [WebSocket];
    for (let sent = 0; socket.bufferedAmount === 0 && sent < FLOOD_BYTES; sent += MESSAGE.length) {
      socket.send(MESSAGE);
      await new Promise(setImmediate);
    }
    clock.advance(5500);
    expect(lifecycle.find()[0]?.isOpen).toBe(false);
    client.socket.resume();
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'TOKEN_EXPIRED' });
  });

  it('DR-10 TR-09 is cut off when it does not answer the close either', async () => {
    const { app, gateway } = await start({ options: { lifecycle: { closeTimeoutMs: 50 } } });
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    client.socket.pause();
    const [socket] = gateway.clients as [WebSocket];
    flood(socket, () => {
      socket.send(MESSAGE);
    });
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'SLOW_CONSUMER' });
    expect(socket.readyState).toBe(3);
    expect(socket.bufferedAmount).toBeLessThan(2 * MAX_OUTBOUND_BYTES);
    client.socket.resume();
  });

  it('DR-10 leaves the callback of send() to be called, with an error once it is closed', async () => {
    const { app, gateway, lifecycle } = await start();
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    const [socket] = gateway.clients as [WebSocket];
    const sent = (close: boolean): Promise<Error | undefined> =>
      new Promise((resolve) => {
        if (close) lifecycle.disconnect({}, 'NORMAL');
        socket.send('{"event":"x"}', (error) => {
          resolve(error ?? undefined);
        });
      });
    expect(await expectSoon(sent(false), 'the callback')).toBeUndefined();
    expect(await expectSoon(sent(true), 'the callback')).toBeInstanceOf(Error);
    await client.expectClose(1000);
    expect(client.unread).toEqual([{ event: 'x' }]);
  });
});
