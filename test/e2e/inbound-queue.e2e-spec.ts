import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { type Deferred, deferred } from '../support/deferred.js';
import { Text } from '../support/echo.gateway.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** A gateway whose handlers end when the test says so. */
@WebSocketGateway({ path: '/feed' })
@WsAuthorize()
class SlowGateway {
  readonly clients: WebSocket[] = [];
  readonly texts: string[] = [];
  readonly running: Deferred<void>[] = [];
  maxRunning = 0;
  #nowRunning = 0;

  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }

  @SubscribeMessage('slow')
  async slow(@MessageBody() { text }: Text): Promise<Text> {
    const end = deferred();
    this.running.push(end);
    this.maxRunning = Math.max(this.maxRunning, ++this.#nowRunning);
    await end.promise;
    this.#nowRunning--;
    this.texts.push(text);
    return { text };
  }

  @SubscribeMessage('hello')
  hello(): boolean {
    return true;
  }
}

const start = async (shape: AppShape = {}) => {
  const app = await startApp({ providers: [SlowGateway], ...shape });
  return { app, gateway: app.app.get(SlowGateway), lifecycle: app.app.get(WsConnectionLifecycleService) };
};

describe('a client that sends faster than its messages are handled', () => {
  const unlimited: AppShape = {
    options: {
      throttling: {
        connection: [{ limit: 10_000, ttl: 1000 }],
        principal: [{ limit: 10_000, ttl: 1000 }],
        connectionBytesPerSecond: 100_000_000,
      },
    },
  };

  it('DR-08 DR-11 has one message handled at a time, in order, and the socket is not read meanwhile', async () => {
    const { app, gateway } = await start(unlimited);
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    const TOTAL = 500;
    // Large enough that 500 of them do not come out of one read of the socket.
    const padding = 'x'.repeat(4000);
    for (let n = 0; n < TOTAL; n++) client.send('slow', { text: `${n} ${padding}` });
    await until(() => gateway.running.length === 1, 'the first handler runs');
    const [socket] = gateway.clients as [WebSocket];
    await until(() => socket.isPaused, 'the socket is paused');
    for (let n = 0; n < TOTAL; n++) {
      await until(() => gateway.running.length > n, `handler ${n} runs`);
      gateway.running[n]?.resolve();
    }
    await until(() => gateway.texts.length === TOTAL, 'all are handled');
    expect(gateway.maxRunning).toBe(1);
    expect(gateway.texts.map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: TOTAL }, (_, n) => n));
    expect(socket.isPaused).toBe(false);
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });

  it('DR-08 has as many at a time as an option says', async () => {
    const { app, gateway } = await start({ options: { ...unlimited.options, messages: { maxConcurrentHandlers: 5 } } });
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    for (let n = 0; n < 30; n++) client.send('slow', { text: String(n) });
    for (let n = 0; n < 30; n++) {
      await until(() => gateway.running.length > n, `handler ${n} runs`);
      gateway.running[n]?.resolve();
    }
    await until(() => gateway.texts.length === 30, 'all are handled');
    expect(gateway.maxRunning).toBe(5);
  });

  it('DR-11 is closed and cleaned up while its socket is paused', async () => {
    const { app, gateway, lifecycle } = await start(unlimited);
    const client = await connect(`${app.url}/feed`, { token: app.token() });
    await client.request('hello');
    for (let n = 0; n < 500; n++) client.send('slow', { text: `${n} ${'x'.repeat(4000)}` });
    const [socket] = gateway.clients as [WebSocket];
    await until(() => socket.isPaused, 'the socket is paused');
    lifecycle.disconnect({}, 'REVOKED');
    await client.expectClose(4504);
    await until(() => lifecycle.count === 0, 'the connection is forgotten');
    gateway.running[0]?.resolve();
    await new Promise(setImmediate);
    expect(gateway.running).toHaveLength(1);
  });
});
