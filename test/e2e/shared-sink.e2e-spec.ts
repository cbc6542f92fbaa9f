import { FileSink, type SecurityEvent, SecurityEvents, SecurityEventSink, SyslogSink } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { auditFolder, linesOf } from '../support/audit-folder.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { startApp } from '../support/start-app.js';

/** Counts, and has nothing open that another application could close. */
class PlainSink extends SecurityEventSink {
  count = 0;

  override write(_event: SecurityEvent): void {
    this.count++;
  }
}

const boot = (sink: SecurityEventSink) =>
  startApp({ providers: [EchoGateway], options: { events: { sinks: [new PlainSink(), sink] } } });

describe('one sink in two applications of a process', () => {
  it('MO-09 DP-02 stops the second boot, and the first application loses nothing', async () => {
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey, node: 'web-1' } });
    const { app } = await boot(sink);
    const emit = (connections: number): void => app.get(SecurityEvents).emit({ type: 'ws.drain.started', connections });
    emit(1);

    await expect(boot(sink)).rejects.toThrow(
      'events.sinks[1]: is a FileSink that another application of this process uses already.',
    );

    emit(2);
    await app.get(SecurityEvents).flush();
    const types = (): string[] => linesOf(path).map((line) => (JSON.parse(line) as SecurityEvent).type);
    expect(types().filter((type) => type !== 'ws.drain.started')).toEqual(['audit.start']);
    expect(types()).toHaveLength(3);
    await app.close();
    const next = await boot(sink);
    await next.app.close();

    expect(types().filter((type) => /^audit\.(start|end)$/.test(type))).toEqual([
      ...['audit.start', 'audit.end', 'audit.start', 'audit.end'],
    ]);
  });

  it('MO-09 DP-02 stops the second boot for a SyslogSink too', async () => {
    const sink = new SyslogSink({ host: '127.0.0.1', port: 6514 });
    await boot(sink);

    await expect(boot(sink)).rejects.toThrow(
      'events.sinks[1]: is a SyslogSink that another application of this process uses already.',
    );
  });

  it('MO-09 goes on with a sink that opens nothing', async () => {
    const sink = new PlainSink();
    const apps = [await boot(sink), await boot(sink)];
    for (const { app } of apps) app.get(SecurityEvents).emit({ type: 'ws.drain.started', connections: 1 });

    expect(sink.count).toBe(2);
  });
});
