import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { expectSoon } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const PING_INTERVAL_MS = 25_000;
const PONG_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 900_000;
/** Deadlines are looked at by one coarse timer, a little after they fall due. */
const COARSE_MS = 500;
/** Shorter than a client may take to answer a ping: time that passes at once leaves no time for an answer. */
const STEP_MS = 5000;

const start = async (autoPong = true) => {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [EchoGateway], clock });
  const token = app.token({ expiresInSeconds: 7200 });
  const client = await connect(`${app.url}/echo`, { token, ws: { autoPong } });
  return { app, clock, client };
};

/** The next ping. Its automatic pong is on its way before this resolves. */
const pinged = async ({ socket }: Client): Promise<Buffer> => {
  const [payload] = (await expectSoon(once(socket, 'ping'), 'a ping of the server')) as [Buffer];
  return payload;
};

/** The answer to a ping of ours shows that the server has read what we sent before it, our pongs among it. */
const serverCaughtUp = async ({ socket }: Client): Promise<void> => {
  const pong = expectSoon(once(socket, 'pong'), 'a pong of the server');
  socket.ping();
  await pong;
};

describe('the heartbeat', () => {
  it('DR-12 keeps a client that answers', async () => {
    const { clock, client } = await start();
    for (let round = 0; round < 3; round++) {
      const ping = pinged(client);
      clock.advance(PING_INTERVAL_MS + COARSE_MS);
      await ping;
      await serverCaughtUp(client);
    }
    expect(await client.request('echo', { text: 'alive' })).toMatchObject({ event: 'echo' });
  });

  it('DR-12 closes a client that does not answer with 4008', async () => {
    const { app, clock, client } = await start(false);
    const ping = pinged(client);
    clock.advance(PING_INTERVAL_MS + COARSE_MS);
    await ping;
    clock.advance(PONG_TIMEOUT_MS - 2 * COARSE_MS);
    expect(await client.request('echo', { text: 'messages are no pong' })).toMatchObject({ event: 'echo' });
    clock.advance(2000);
    expect(await client.expectClose(4008)).toEqual({ code: 4008, reason: 'heartbeat-lost' });
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'HEARTBEAT_LOST' });
  });

  it('DR-12 takes only the payload of its own ping, which nobody can guess', async () => {
    const { clock, client } = await start(false);
    const ping = pinged(client);
    clock.advance(PING_INTERVAL_MS + COARSE_MS);
    const payload = await ping;
    expect(payload.length).toBeGreaterThanOrEqual(8);
    client.socket.pong();
    client.socket.pong('x');
    await serverCaughtUp(client);
    clock.advance(PONG_TIMEOUT_MS + COARSE_MS);
    await client.expectClose(4008);
  });

  it('DR-12 takes the right payload from a client that answers by hand', async () => {
    const { clock, client } = await start(false);
    const ping = pinged(client);
    clock.advance(PING_INTERVAL_MS + COARSE_MS);
    client.socket.pong(await ping);
    await serverCaughtUp(client);
    clock.advance(PONG_TIMEOUT_MS + COARSE_MS);
    expect(await client.request('echo', { text: 'alive' })).toMatchObject({ event: 'echo' });
  });
});

describe('an idle connection', () => {
  /** Moves time in steps in which every ping is answered. */
  const passTime = async (clock: FakeClock, client: Client, ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(Math.min(STEP_MS, ms - passed));
      await serverCaughtUp(client);
    }
  };

  it('SL-08 is closed with 4004, though it answers every ping', async () => {
    const { app, clock, client } = await start();
    await passTime(clock, client, IDLE_TIMEOUT_MS - 1000);
    clock.advance(2000);
    expect(await client.expectClose(4004)).toEqual({ code: 4004, reason: 'idle' });
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'IDLE' });
  });

  it('SL-08 is not one that sends a message now and then', async () => {
    const { clock, client } = await start();
    await passTime(clock, client, IDLE_TIMEOUT_MS - 1000);
    await client.request('echo', { text: 'here' });
    await passTime(clock, client, IDLE_TIMEOUT_MS - 1000);
    expect(await client.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
  });
});

describe('timers', () => {
  it('DR-12 do not grow in number with the connections, and end with the application', async () => {
    const { app, clock, client } = await start();
    const before = clock.pending;
    const more = [
      await connect(`${app.url}/echo`, { token: app.token() }),
      await connect(`${app.url}/echo`, { token: app.token() }),
    ];
    expect(clock.pending).toBe(before);
    for (const one of [client, ...more]) await one[Symbol.asyncDispose]();
    await app[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });
});
