import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { SyslogConnection } from './syslog-connection.js';

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
    const isAway = 'The syslog server is away.';

    for (const [index, delayMs] of [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      expect(await send()).not.toBe(isAway);
      expect(attempts).toBe(index + 1);
      clock.advance(delayMs - 1);
      expect(await send()).toBe(isAway);
      expect(attempts).toBe(index + 1);
      clock.advance(1);
    }
  });
});
