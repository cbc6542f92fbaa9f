import * as fs from 'node:fs/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { auditFolder } from '../../../../../test/support/audit-folder.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { until } from '../../../../../test/support/patience.js';
import { defaultEventsSettings } from '../events.options.js';
import type { SecurityEvent } from '../security-event.js';
import { SecurityEvents } from '../security-events.js';
import { FileSink } from './file.sink.js';

/** What was opened, and what the disk waits for before it answers. */
const disk = vi.hoisted(() => ({
  handles: [] as { readonly fd: number }[],
  asked: [] as string[],
  realpath: Promise.resolve(),
  open: Promise.resolve(),
}));

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof fs>();
  return {
    ...actual,
    open: async (...args: Parameters<typeof fs.open>) => {
      disk.asked.push('open');
      await disk.open;
      const handle = await actual.open(...args);
      disk.handles.push(handle);
      return handle;
    },
    realpath: async (path: string) => {
      disk.asked.push('realpath');
      await disk.realpath;
      return actual.realpath(path);
    },
  };
});

const EVENT: SecurityEvent = {
  type: 'ws.drain.started',
  owasp: 'sys_shutdown',
  time: '2026-11-27T10:00:00.000Z',
  connections: 1,
};

/** How many of the files that were opened are so still. */
const stillOpen = (): number => disk.handles.filter(({ fd }) => fd !== -1).length;

describe('what a FileSink has open', () => {
  let clock = new FakeClock();

  beforeEach(() => {
    clock = new FakeClock(Date.parse('2026-11-27T10:00:00.000Z'));
    disk.handles.length = disk.asked.length = 0;
    disk.realpath = disk.open = Promise.resolve();
  });

  it.each([undefined, 'chain'])(
    'MO-09 is closed behind an event of a boot that fails before it opens its sinks: %s',
    async (chain) => {
      const { path, privateKey } = auditFolder();
      const sink = new FileSink({ path, ...(chain !== undefined && { chain: { privateKey } }) });
      const away = new SecurityEvents(
        clock,
        [
          Object.assign(new FileSink({ path: `${path}.other` }), { open: () => Promise.reject(new Error('is away')) }),
          sink,
        ],
        defaultEventsSettings(),
      );
      away.emit({ type: 'ws.drain.started', connections: 1 });
      await away.flush();
      await expect(away.open()).rejects.toThrow('is away');
      expect(disk.handles.length).toBeGreaterThan(1);
      expect(stillOpen()).toBe(0);
      expect(clock.pending).toBe(0);
    },
  );

  it('MO-09 is opened once by a boot that has written before, and closed with it', async () => {
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey } });
    await sink.write(EVENT);
    await sink.open(clock);
    await sink.write(EVENT);
    expect(stillOpen()).toBe(1);
    await sink.close();
    expect(stillOpen()).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('MO-09 is closed behind an event that came after its end, and that the disk did not take', async () => {
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey } });
    await sink.open(clock);
    await sink.close();
    const [handle] = disk.handles;
    const full = vi.spyOn(Object.getPrototypeOf(handle) as fs.FileHandle, 'write');
    full.mockRejectedValueOnce(new Error('the disk is full'));
    await expect(sink.write(EVENT)).rejects.toThrow('the disk is full');
    full.mockRestore();
    expect(disk.handles).toHaveLength(2);
    expect([stillOpen(), clock.pending]).toEqual([0, 0]);
  });

  it.each(['realpath', 'open'] as const)(
    'MO-09 is closed where the boot had given it up by the time that the disk answered: %s',
    async (what) => {
      const { path, privateKey } = auditFolder();
      const sink = new FileSink({ path, chain: { privateKey } });
      const events = new SecurityEvents(clock, [sink], { ...defaultEventsSettings(), sinkTimeoutMs: 1000 });
      let answer = (): void => undefined;
      disk[what] = new Promise<void>((resolve) => (answer = resolve));
      const opened = vi.spyOn(sink, 'open');
      const closed = vi.spyOn(sink, 'close');
      const opening = events.open().catch(String);
      await until(() => disk.asked.includes(what), `${what} is under way`);
      clock.advance(1000);
      await until(() => closed.mock.calls.length === 1, 'it is given up');
      clock.advance(1000);
      expect(await opening).toContain('was not ready within 1000 ms');
      answer();
      await Promise.allSettled([...opened.mock.results, ...closed.mock.results].map(({ value }) => value as unknown));
      expect([stillOpen(), clock.pending]).toEqual([0, 0]);
      // The next application of the process may have the file.
      const next = new FileSink({ path });
      await next.open(clock);
      await next.close();
    },
  );
});
