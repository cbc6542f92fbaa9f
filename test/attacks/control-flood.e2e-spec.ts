import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
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
