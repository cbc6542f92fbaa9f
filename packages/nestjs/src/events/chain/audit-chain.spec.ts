import { describe, expect, it } from 'vitest';
import { auditFolder } from '../../../../../test/support/audit-folder.js';
import { START, verify } from '../../../../../test/support/audit-run.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { FileSink } from '../file/file.sink.js';
import type { SecurityEvent } from '../security-event.js';

const eventAt = (moment: number): SecurityEvent => ({
  type: 'ws.drain.started',
  owasp: 'sys_shutdown',
  time: new Date(moment).toISOString(),
  connections: 1,
});

describe('AuditChain', () => {
  it.each([[120_000], [60_000], [50_000], [86_400_000]])(
    'MO-08 accuses nobody where the clock is set back by %i ms while events wait',
    async (ms) => {
      const audit = auditFolder();
      const clock = new FakeClock(START);
      const sink = new FileSink({
        ...{ path: audit.path, rotateDaily: false },
        chain: { privateKey: audit.privateKey, node: 'web-1', anchorEveryMs: 60_000 },
      });
      await sink.open(clock);
      await sink.write(eventAt(clock.now()));
      // They were told before the clock was set, and are written after that.
      const told = clock.now() + 80_000;
      clock.stepWallClock(80_000 - ms);
      const waiting = [eventAt(told), eventAt(told + 1), eventAt(clock.now()), eventAt(told + 2)];
      await sink.writeBatch(waiting);
      await sink.writeBatch([eventAt(clock.now()), eventAt(clock.now())]);
      await sink.close();
      expect(await verify(audit, audit.files(), '--complete')).toMatchObject({ status: 0, wrong: [] });
    },
  );
});
