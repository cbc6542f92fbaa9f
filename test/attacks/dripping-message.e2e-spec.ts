import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { clientFrame, OPCODES } from '../support/frame-writer.js';
import { expectSoon, until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';

const start = async (shape: AppShape = {}) => {
  const app = await startApp({ providers: [EchoGateway], ...shape });
  return { app, lifecycle: app.app.get(WsConnectionLifecycleService) };
};

describe('a message that does not end', () => {
  const drip = async (app: RunningApp): Promise<RawTcp> => {
    const tcp = await RawTcp.open(app);
    const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const];
    tcp.write(requestHead({ target: '/echo', fields }));
    expect((await tcp.readHead()).status).toBe(101);
    return tcp;
  };
  const caughtUp = async (client: Client): Promise<void> => {
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await expectSoon(pong, 'a pong');
  };
  /** The server pings every 25 s. */
  const closeOf = async (tcp: RawTcp): Promise<number> => {
    let frame = await tcp.nextFrame();
    while (frame.opcode === OPCODES.ping) frame = await tcp.nextFrame();
    expect(frame.opcode).toBe(OPCODES.close);
    return frame.payload.readUInt16BE(0);
  };

  it.each<readonly [what: string, messageTimeoutMs: number | undefined, atMostSeconds: number]>([
    ['the default of ten seconds', undefined, 14],
    ['what an option says', 4000, 6],
  ])('DR-06 DR-02 of one byte a second is closed with 1008, within %s', async (_, messageTimeoutMs, atMostSeconds) => {
    const clock = new FakeClock(Date.now());
    const { app, lifecycle } = await start({
      clock,
      options: messageTimeoutMs === undefined ? {} : { validation: { messageTimeoutMs } },
    });
    const other = await connect(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) });
    const tcp = await drip(app);
    await until(() => lifecycle.count === 2, 'both are connected');
    const frame = clientFrame(JSON.stringify({ event: 'echo', data: { text: 'x'.repeat(60_000) } }));
    let second = 0;
    // One byte at a time, each of them read before the clock moves on.
    for (; lifecycle.count === 2 && second < 60; second++) {
      tcp.write(frame.subarray(second, second + 1));
      await caughtUp(other);
      clock.advance(1000);
      await caughtUp(other);
      if (lifecycle.find().some((connection) => !connection.isOpen)) break;
    }
    expect(second).toBeLessThanOrEqual(atMostSeconds);
    expect(second * 1000).toBeGreaterThanOrEqual((messageTimeoutMs ?? 10_000) - 1000);
    expect(await closeOf(tcp)).toBe(1008);
    expect(await other.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
  });

  it('DR-02 whose last fragment never comes is closed with 1008, though it answers pings', async () => {
    const clock = new FakeClock(Date.now());
    const { app, lifecycle } = await start({ clock });
    const tcp = await drip(app);
    await until(() => lifecycle.count === 1, 'it is connected');
    tcp.write(clientFrame('{"event":', { fin: false }));
    const [connection] = lifecycle.find();
    for (let second = 0; connection?.isOpen === true && second < 30; second++) {
      // Control frames may come between fragments, and are no progress.
      tcp.write(clientFrame('', { opcode: OPCODES.ping }));
      expect((await tcp.nextFrame()).opcode).toBe(OPCODES.pong);
      clock.advance(1000);
    }
    expect(await closeOf(tcp)).toBe(1008);
  });

  it('DR-06 is not one of many that are each in time', async () => {
    const clock = new FakeClock(Date.now());
    const { app, lifecycle } = await start({ clock });
    const tcp = await drip(app);
    await until(() => lifecycle.count === 1, 'it is connected');
    // At every look of the timer some message is unfinished, and never the same.
    const frame = clientFrame('{"event":"nothing","id":1}');
    tcp.write(frame.subarray(0, 5));
    for (let second = 0; second < 24; second++) {
      tcp.write(Buffer.concat([frame.subarray(5), frame.subarray(0, 5)]));
      expect((await tcp.nextFrame()).opcode).toBe(OPCODES.text);
      clock.advance(1000);
    }
    expect(lifecycle.find()[0]?.isOpen).toBe(true);
  });

  it.each<readonly [what: string, payload: string]>([
    ['empty', ''],
    ['one byte each', 'x'],
  ])('DR-02 in fragments is closed with 1008 from the 65th on: %s', async (_, payload) => {
    const { app } = await start();
    const tcp = await drip(app);
    const fragments = Array(60_000).fill(
      clientFrame(payload, { opcode: OPCODES.continuation, fin: false }),
    ) as Buffer[];
    tcp.write(Buffer.concat([clientFrame('', { fin: false }), ...fragments]));
    expect(await closeOf(tcp)).toBe(1008);
    await tcp.ended();
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'broken-frame' }]);
  });

  it('DR-02 in one frame that comes byte by byte is closed with 1008 from the 257th read on', async () => {
    // The clock stands still: what ends it is how many pieces of it wait, and no deadline.
    const { app } = await start({ clock: new FakeClock(Date.now()) });
    const peers: Socket[] = [];
    (app.app.getHttpServer() as Server).on('connection', (peer: Socket) => peers.push(peer));
    const tcp = await drip(app);
    tcp.socket.setNoDelay();
    const [peer] = peers;
    const before = peer?.bytesRead ?? 0;
    const frame = clientFrame(JSON.stringify({ event: 'echo', id: 1, data: { text: 'x'.repeat(500) } }));
    for (let sent = 0; sent < frame.length; sent++) {
      tcp.write(frame.subarray(sent, sent + 1));
      await until(() => peer?.destroyed !== false || peer.bytesRead > before + sent, 'the byte is read');
    }
    expect(await closeOf(tcp)).toBe(1008);
    await tcp.ended();
    expect(app.app.get(EchoGateway).handled).toEqual([]);
  });
});
