import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../../../../test/support/patience.js';
import { startSyslogServer, type SyslogServer } from '../../../../../test/support/syslog-server.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { SyslogConnection } from './syslog-connection.js';

/** More than the buffers of the system hold. */
const MANY_BYTES = 'x'.repeat(32_000_000);

const IS_AWAY = 'The syslog server is away.';
const HAS_CLOSED = 'The syslog server has closed the connection.';

async function connectTo(server: SyslogServer) {
  const { port, ca } = server;
  const clock = new FakeClock();
  const header = { facility: 13, hostname: 'web-1', appName: 'orders', processId: '1' };
  const settings = { host: 'localhost', port, serverName: 'localhost', tls: { ca: Buffer.from(ca) }, header };
  let told = (): void => undefined;
  const connection = new SyslogConnection(settings, clock, () => told());
  const lost = (): Promise<void> => new Promise((resolve) => (told = resolve));
  const send = (text = '1 x'): Promise<string | undefined> =>
    connection.send(text).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
  /** Sends a message that arrives. */
  const reach = async (): Promise<void> => {
    const before = server.messages.length;
    expect(await send()).toBeUndefined();
    await until(() => server.messages.length > before, 'the message arrives');
  };
  await reach();
  return { connection, clock, lost, send, reach };
}

describe('SyslogConnection', () => {
  it('MO-09 tries a server that is away after 250 ms, twice as long each time, and every half minute at the end', async () => {
    let attempts = 0;
    const server = createServer((socket) => {
      attempts++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    const clock = new FakeClock();
    const { port } = server.address() as AddressInfo;
    const header = { facility: 13, hostname: 'web-1', appName: 'orders', processId: '1' };
    const settings = { host: '127.0.0.1', port, serverName: 'localhost', tls: {}, header };
    const connection = new SyslogConnection(settings, clock, () => undefined);
    const send = () => connection.send('1 x').catch((error: unknown) => (error as Error).message);

    for (const [index, delayMs] of [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      expect(await send()).not.toBe(IS_AWAY);
      expect(attempts).toBe(index + 1);
      clock.advance(delayMs - 1);
      expect(await send()).toBe(IS_AWAY);
      expect(attempts).toBe(index + 1);
      clock.advance(1);
    }
  });

  it('MO-09 forgets how long it had paused only where a connection has lasted for five seconds', async () => {
    const server = await startSyslogServer();
    const { clock, lost, send, reach } = await connectTo(server);
    for (const [lastedMs, pauseMs] of [
      [4999, 250],
      [0, 500],
      [4999, 1000],
      [5000, 250],
      [0, 500],
    ] as const) {
      clock.advance(lastedMs);
      const isLost = lost();
      server.dropAll();
      await isLost;
      clock.advance(pauseMs - 1);
      expect(await send()).toBe(IS_AWAY);
      clock.advance(1);
      await reach();
    }
  });

  it('MO-09 does not take for sent what a broken connection took with it', async () => {
    const server = await startSyslogServer();
    const { clock, send } = await connectTo(server);
    server.hang();
    const sent = send(MANY_BYTES);
    server.dropAll();
    expect(await sent).toBe(HAS_CLOSED);
    expect(clock.pending).toBe(0);
  });

  it('MO-09 ends a connection half of which the server has ended, whatever it still has to send', async () => {
    const server = await startSyslogServer();
    const { lost, send } = await connectTo(server);
    server.hang();
    const isLost = lost();
    const sent = send(MANY_BYTES);
    server.endAll();
    await isLost;
    expect(await sent).toBe(HAS_CLOSED);
  });

  it('MO-09 waits a second for a server that does not end its half', async () => {
    const server = await startSyslogServer({ allowHalfOpen: true });
    const { connection, clock } = await connectTo(server);
    let hasClosed = false;
    const closed = connection.close().then(() => (hasClosed = true));
    clock.advance(999);
    await new Promise(setImmediate);
    expect(hasClosed).toBe(false);
    clock.advance(1);
    await closed;
    expect(clock.pending).toBe(0);
  });
});
