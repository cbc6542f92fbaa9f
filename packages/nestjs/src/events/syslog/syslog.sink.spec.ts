import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import type { SecurityEvent } from '../security-event.js';
import { SyslogSink } from './syslog.sink.js';

const EVENT: SecurityEvent = {
  type: 'ws.drain.started',
  owasp: 'sys_shutdown',
  time: '2026-11-27T10:00:00.000Z',
  connections: 1,
};

describe('SyslogSink', () => {
  it('MO-09 leaves no connection behind that was not made yet when it was closed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    onTestFinished(() => {
      server.close();
    });
    const clock = new FakeClock();
    const sink = new SyslogSink({ host: '127.0.0.1', port });
    sink.open(clock);
    const written = sink.write(EVENT).catch((error: unknown) => (error as Error).message);
    // It has the connection, and says nothing of TLS.
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.on('error', () => undefined).resume();
    const ended = once(socket, 'close');
    await sink.close();
    await ended;
    expect(await written).toBe('The syslog server has closed the connection.');
    expect(clock.pending).toBe(0);
  });
});
