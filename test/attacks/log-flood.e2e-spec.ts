import { LoggerSink, SecurityEvents, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { clientFrame } from '../support/frame-writer.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const MESSAGES = 10_000;

/** An application whose audit goes to the log, with limits that let a flood through to the checks behind them. */
const start = async (): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway],
    // On which no time passes: all of the flood falls into one second.
    clock: new FakeClock(Date.now()),
    options: {
      events: { sinks: [new LoggerSink()] },
      throttling: {
        connection: [{ limit: 1_000_000, ttl: 1000 }],
        principal: [{ limit: 1_000_000, ttl: 1000 }],
        connectionBytesPerSecond: 1_000_000_000,
      },
    },
  });

async function open(app: RunningApp): Promise<RawTcp> {
  const tcp = await RawTcp.open(app);
  const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const];
  tcp.write(requestHead({ target: '/echo', fields }));
  expect((await tcp.readHead()).status).toBe(101);
  return tcp;
}

describe('ten thousand refused messages', () => {
  it('DR-24 make a few lines, and are counted exactly', async () => {
    const app = await start();
    const tcp = await open(app);
    const before = app.log.lines.length;
    for (let sent = 0; sent < MESSAGES; sent += 500) {
      tcp.write(Buffer.concat(Array.from({ length: 500 }, () => clientFrame('{"event":"MARKER\\u2028"}'))));
    }
    const counted = (): number => app.app.get(SecurityEvents).counts['ws.message.refused']?.total ?? 0;
    await until(() => counted() >= MESSAGES, 'all of them are counted');
    const lines = app.log.lines.slice(before);
    // Twenty of one kind in a second; their summary comes with the next one.
    expect(lines.length).toBeLessThanOrEqual(21);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('')).not.toContain('MARKER');
    expect(counted()).toBe(MESSAGES);
  });
});

describe('many connections that come, misbehave and go', () => {
  it('DR-15 leave nothing behind', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startApp({ providers: [EchoGateway], clock });
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    const timers = clock.pending;
    const ways: ((tcp: RawTcp) => void)[] = [
      (tcp) => {
        tcp.reset();
      },
      (tcp) => {
        tcp.write('{');
        tcp.socket.end();
      },
      (tcp) => {
        tcp.write(clientFrame('{', { masked: false }));
      },
      (tcp) => {
        tcp.write(clientFrame('{}', { opcode: 2 }));
        tcp.socket.destroy();
      },
      (tcp) => {
        tcp.write(clientFrame('{"event":"echo","data":{"text":"x"}}').subarray(0, 9));
        tcp.socket.destroy();
      },
    ];
    for (let cycle = 0; cycle < 100; cycle++) {
      const tcp = await open(app);
      ways[cycle % ways.length]?.(tcp);
    }
    await until(() => lifecycle.count === 0, 'all of them are forgotten');
    expect(app.events.ofType('ws.connection.closed')).toHaveLength(100);
    await until(() => clock.pending === timers, 'their timers are gone');
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await client.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
    expect(lifecycle.count).toBe(1);
  });
});
