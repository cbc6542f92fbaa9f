import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { closeCodeOf } from '../support/frame-reader.js';
import { clientFrame, OPCODES } from '../support/frame-writer.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { openRaw } from '../support/raw-handshake.js';
import type { RawTcp } from '../support/raw-tcp.js';
import { startApp } from '../support/start-app.js';

/** Far more than any client has a reason to send, in one write. */
const FLOOD = 200_000;

const floodOf = (opcode: number): Buffer =>
  Buffer.concat(Array(FLOOD).fill(clientFrame('', { opcode, masked: true })) as Buffer[]);

/** The code of the Close frame, after the answers to pings. */
async function closeOf(tcp: RawTcp): Promise<{ code: number; pongs: number }> {
  for (let pongs = 0; ; pongs++) {
    const frame = await tcp.nextFrame();
    if (frame.opcode !== OPCODES.pong) return { code: closeCodeOf(frame), pongs };
  }
}

@WebSocketGateway({ path: '/slow' })
@WsAuthorize()
class SlowGateway {
  @SubscribeMessage('work')
  work(): Promise<never> {
    return new Promise(() => undefined);
  }
}

describe('pings that the server had not read when the network broke', () => {
  it('DR-07 MO-03 are no flood, and nobody is charged for them', async () => {
    const app = await startApp({ providers: [SlowGateway], options: { messages: { maxQueuedMessages: 1 } } });
    const peers: Socket[] = [];
    (app.app.getHttpServer() as Server).on('connection', (peer: Socket) => peers.push(peer));
    const tcp = await openRaw(app, '/slow');
    const [connection] = app.app.get(WsConnectionLifecycleService).find() as { isPaused?: boolean }[];
    const work = clientFrame('{"event":"work"}');
    tcp.write(Buffer.concat([work, work]));
    await until(() => connection?.isPaused === true, 'the queue is full');
    const before = peers[0]?.bytesRead ?? 0;
    const pings = Buffer.concat(Array(3).fill(clientFrame('', { opcode: OPCODES.ping })) as Buffer[]);
    tcp.write(pings);
    await until(() => (peers[0]?.bytesRead ?? 0) === before + pings.length, 'the pings wait behind the pause');
    tcp.reset();
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ initiator: 'network' });
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });
});

describe('a flood of control frames', () => {
  it.each([
    ['pongs', OPCODES.pong, 0],
    ['pings', OPCODES.ping, 40],
  ])('DR-07 F50 of %s is closed with 1008, charged, and answered by few pongs', async (_, opcode, atMostPongs) => {
    const app = await startApp({ providers: [EchoGateway] });
    const tcp = await openRaw(app);
    const other = await connect(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) });
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    tcp.write(floodOf(opcode));
    const { code, pongs } = await closeOf(tcp);
    expect(code).toBe(1008);
    expect(pongs).toBeLessThanOrEqual(atMostPongs);
    // Nobody reads the rest of it, and the one beside it is answered all the same.
    expect(await other.request('echo', { text: 'here' })).toMatchObject({ data: { text: 'here' } });
    await tcp.ended();
    await until(() => lifecycle.count === 1, 'the flood is forgotten');
    const closed = app.events.ofType('ws.connection.closed');
    expect(closed).toMatchObject([{ reason: 'POLICY_VIOLATION', codeSent: 1008, initiator: 'server' }]);
    const refused = app.events.ofType('ws.message.refused');
    expect(refused).toMatchObject([{ reason: 'control-flood', owasp: 'excess_rate_limit_exceeded' }]);
  });

  it('DR-07 F50 counts as a violation of its sender, whose next connections it delays', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      options: { throttling: { violations: { budget: 10 } } },
    });
    const tcp = await openRaw(app);
    tcp.write(floodOf(OPCODES.pong));
    expect((await closeOf(tcp)).code).toBe(1008);
    expect(app.events.ofType('ws.violations.exceeded')).toMatchObject([{ chargedTo: 'principal' }]);
  });

  it('DR-07 does not make the server hoard pongs for a peer that reads nothing', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const tcp = await openRaw(app);
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    tcp.socket.pause();
    tcp.write(floodOf(OPCODES.ping));
    let most = 0;
    await until(() => {
      most = Math.max(most, ...lifecycle.figures().map(({ bufferedBytes }) => bufferedBytes));
      return lifecycle.count === 0;
    }, 'it is cut off');
    expect(most).toBeLessThan(10_000);
    tcp.socket.destroy();
  });

  it('DR-07 MO-03 is too much from a peer that reads nothing at any rate, once 80 pongs wait for it', async () => {
    const clock = new FakeClock(Date.now());
    // Neither the bytes that wait nor how long they do may end it: what is left is the number of pongs.
    const lifecycleOptions = { maxOutboundBytes: 64 * 1024 * 1024, maxOutboundMs: 3_600_000 };
    const app = await startApp({ providers: [EchoGateway], clock, options: { lifecycle: lifecycleOptions } });
    const peers: Socket[] = [];
    (app.app.getHttpServer() as Server).on('connection', (peer: Socket) => peers.push(peer));
    const tcp = await openRaw(app);
    tcp.socket.pause();
    const [connection] = app.app.get(WsConnectionLifecycleService).find();
    // More than the kernel takes: whatever is written from now on waits in the process.
    expect(connection?.send('fill', 'x'.repeat(32 * 1024 * 1024))).toBe('sent');
    const ping = clientFrame('', { opcode: OPCODES.ping });
    const before = peers[0]?.bytesRead ?? 0;
    let pings = 0;
    for (; pings < 200 && connection?.isOpen === true; pings++) {
      tcp.write(ping);
      await until(() => (peers[0]?.bytesRead ?? 0) >= before + ping.length * (pings + 1), 'the ping is read');
      // As many a second as any client may send.
      clock.advance(1000 / 20);
    }
    expect(pings).toBe(81);
    await until(() => app.events.ofType('ws.connection.closed').length === 1, 'it is cut off');
    expect(app.events.ofType('ws.connection.closed')).toMatchObject([
      { reason: 'POLICY_VIOLATION', initiator: 'server' },
    ]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'control-flood' }]);
    tcp.socket.destroy();
  });

  it('DR-07 counts towards the bytes that a connection may send', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      clock: new FakeClock(Date.now()),
      options: { throttling: { connectionBytesPerSecond: 4000 } },
    });
    const tcp = await openRaw(app);
    const message = clientFrame('{"event":"echo","id":1,"data":{"text":"x"}}');
    tcp.write(message);
    expect(JSON.parse((await tcp.nextFrame()).payload.toString())).toMatchObject({ event: 'echo' });
    const pong = clientFrame('x'.repeat(125), { opcode: OPCODES.pong });
    tcp.write(Buffer.concat([...(Array(39).fill(pong) as Buffer[]), message]));
    expect(JSON.parse((await tcp.nextFrame()).payload.toString())).toMatchObject({ data: { code: 'THROTTLED' } });
  });

  it('DR-07 is not what a lively client sends', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const tcp = await openRaw(app);
    for (let ping = 0; ping < 30; ping++) {
      tcp.write(clientFrame(`${ping}`, { opcode: OPCODES.ping }));
      const { opcode, payload } = await tcp.nextFrame();
      expect([opcode, payload.toString()]).toEqual([OPCODES.pong, `${ping}`]);
    }
  });
});
