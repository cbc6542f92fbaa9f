import { Injectable, Module, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { parseCloseReason } from '@secure-ws/protocol';
import { WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { interval, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Deferred, deferred } from '../support/deferred.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { clientFrame } from '../support/frame-writer.js';
import { handshake } from '../support/handshake.js';
import { expectSoon, until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';

/** What handlers read from, and what must outlive them. */
@Injectable()
class Database implements OnModuleDestroy, OnApplicationShutdown {
  isOpen = true;
  readonly reads: boolean[] = [];

  read(): boolean {
    this.reads.push(this.isOpen);
    return this.isOpen;
  }

  onModuleDestroy(): void {
    this.isOpen = false;
  }

  onApplicationShutdown(): void {
    this.isOpen = false;
  }
}

@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}

/** A gateway whose handler reads the database when the test says so. */
@WebSocketGateway({ path: '/work' })
@WsAuthorize()
class WorkGateway {
  readonly running: Deferred<void>[] = [];

  constructor(private readonly database: Database) {}

  @SubscribeMessage('read')
  async read(): Promise<{ wasOpen: boolean }> {
    const end = deferred();
    this.running.push(end);
    await end.promise;
    return { wasOpen: this.database.read() };
  }

  @SubscribeMessage('stream')
  stream(): Observable<number> {
    return interval(3_600_000);
  }
}

const start = (shape: AppShape = {}): Promise<RunningApp> =>
  startApp({ imports: [DatabaseModule], providers: [WorkGateway, EchoGateway], ...shape });

/** What `app.close()` does, as a promise that may be waited for later. */
async function shutDown(app: RunningApp): Promise<void> {
  await app[Symbol.asyncDispose]();
}

/** A client that speaks no more than it must: it never answers a Close frame. */
async function silentClient(app: RunningApp, path: string): Promise<RawTcp> {
  const tcp = await RawTcp.open(app);
  const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const];
  tcp.write(requestHead({ target: path, fields }));
  expect((await tcp.readHead()).status).toBe(101);
  return tcp;
}

describe.each(['express', 'fastify'] as const)('an application on %s that shuts down', (platform) => {
  it('DR-21 tells every client 1012 and when to come back, each at a moment of its own', async () => {
    const app = await start({ platform });
    const clients = [];
    for (let count = 0; count < 20; count++) clients.push(await connect(`${app.url}/echo`, { token: app.token() }));
    await shutDown(app);
    const hints = [];
    for (const client of clients) {
      const { code, reason } = await client.expectClose(1012);
      expect(code).toBe(1012);
      const parsed = parseCloseReason(reason);
      expect(parsed?.word).toBe('restart');
      hints.push(parsed?.retryAfterMs ?? NaN);
    }
    for (const hint of hints) {
      expect(hint).toBeGreaterThanOrEqual(0);
      expect(hint).toBeLessThanOrEqual(5000);
    }
    // Without the spread they would all come back at once.
    expect(new Set(hints).size).toBeGreaterThan(10);
    expect(app.events.ofType('ws.connection.closed').map(({ reason }) => reason)).toEqual(Array(20).fill('RESTART'));
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(0);
  });

  it('DR-21 lets a running handler finish with what it was injected with, and answers it', async () => {
    const app = await start({ platform });
    const [gateway, database] = [app.app.get(WorkGateway), app.app.get(Database)];
    const client = await connect(`${app.url}/work`, { token: app.token() });
    client.send('read', undefined, 1);
    client.send('read', undefined, 2);
    await until(() => gateway.running.length === 1, 'the handler runs');
    let isClosed = false;
    const closing = shutDown(app).then(() => {
      isClosed = true;
    });
    await until(() => app.app.get(WsConnectionLifecycleService).isDraining, 'the drain begins');
    expect(database.isOpen).toBe(true);
    gateway.running[0]?.resolve();
    expect(await client.next()).toEqual({ event: 'read', id: 1, data: { wasOpen: true } });
    await client.expectClose(1012);
    expect(isClosed).toBe(false);
    await expectSoon(closing, 'the end of the application');
    expect(database.reads).toEqual([true]);
    expect(database.isOpen).toBe(false);
    // What only waited was not begun.
    expect(gateway.running).toHaveLength(1);
  });

  it('DR-21 takes no message and no handshake while it drains', async () => {
    const app = await start({ platform });
    const gateway = app.app.get(WorkGateway);
    const client = await connect(`${app.url}/work`, { token: app.token() });
    client.send('read', undefined, 1);
    await until(() => gateway.running.length === 1, 'the handler runs');
    const closing = shutDown(app);
    await until(() => app.app.get(WsConnectionLifecycleService).isDraining, 'the drain begins');
    const late = await handshake(`${app.url}/work`, { token: app.token() });
    expect(late).toMatchObject({ status: 503 });
    expect(Number((late as { headers: Record<string, string> }).headers['retry-after'])).toBeGreaterThan(0);
    client.send('read', undefined, 2);
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await expectSoon(pong, 'a pong');
    expect(gateway.running).toHaveLength(1);
    gateway.running[0]?.resolve();
    expect(await client.next()).toMatchObject({ id: 1 });
    await client.expectClose(1012);
    expect(client.unread).toEqual([]);
    await expectSoon(closing, 'the end of the application');
  });
});

describe('the end of a drain', () => {
  it('DR-21 leaves no timer behind', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ clock });
    const client = await connect(`${app.url}/work`, { token: app.token() });
    client.send('stream', undefined, 1);
    await connect(`${app.url}/echo`, { token: app.token() });
    await shutDown(app);
    await client.expectClose(1012);
    expect(clock.pending).toBe(0);
  });

  it('DR-21 TR-09 does not wait for a client that never answers', async () => {
    const app = await start({ options: { lifecycle: { closeTimeoutMs: 50 } } });
    const tcp = await silentClient(app, '/echo');
    await expectSoon(shutDown(app), 'the end of the application');
    const close = await tcp.nextFrame();
    expect(close.opcode).toBe(8);
    expect(close.payload.readUInt16BE(0)).toBe(1012);
    await tcp.ended();
  });

  it.each<readonly [what: string, lifecycle: object, code: number, terminated: number]>([
    ['twice the time of a handler', {}, 1011, 0],
    ['the time of the drain, where that is shorter', { drainTimeoutMs: 5000 }, 1006, 1],
  ])('DR-21 waits for a handler that never ends for %s', async (_, lifecycle, code, terminated) => {
    const clock = new FakeClock(Date.now());
    const app = await start({ clock, options: { lifecycle } });
    const gateway = app.app.get(WorkGateway);
    const client = await connect(`${app.url}/work`, { token: app.token() });
    client.send('read', undefined, 1);
    await until(() => gateway.running.length === 1, 'the handler runs');
    const closing = shutDown(app);
    await until(() => app.app.get(WsConnectionLifecycleService).isDraining, 'the drain begins');
    for (let second = 0; second < 22; second++) clock.advance(1000);
    await expectSoon(closing, 'the end of the application');
    expect(await client.expectClose(code)).toMatchObject({ code });
    expect(app.events.ofType('ws.drain.finished')).toMatchObject([{ terminated }]);
    expect(clock.pending).toBe(0);
  });

  it('DR-21 comes though a client sends without end and reads nothing', async () => {
    const app = await start({ options: { lifecycle: { closeTimeoutMs: 50 } } });
    const tcp = await silentClient(app, '/echo');
    const flood = Buffer.concat(Array(200).fill(clientFrame('{"event":"nothing"}')) as Buffer[]);
    tcp.socket.pause();
    // Not after an error: Node calls back before it destroys the socket, and would call back for what is written then, too.
    const write = (error?: Error | null): void => {
      if (error === undefined || error === null) tcp.socket.write(flood, write);
    };
    write();
    await expectSoon(shutDown(app), 'the end of the application');
    tcp.socket.destroy();
  });

  it('DR-21 is the same for a drain that was asked for before', async () => {
    const app = await start();
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    await Promise.all([lifecycle.drain(), lifecycle.drain()]);
    await client.expectClose(1012);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 503 });
    await shutDown(app);
    expect(app.events.ofType('ws.connection.closed')).toHaveLength(1);
  });
});
