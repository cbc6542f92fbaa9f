import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { auditFolder, linesOf } from '../../../../../test/support/audit-folder.js';
import { verify } from '../../../../../test/support/audit-run.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { defaultEventsSettings } from '../events.options.js';
import type { SecurityEvent } from '../security-event.js';
import { SecurityEvents } from '../security-events.js';
import { FileSink } from './file.sink.js';
import type { FileSinkOptions } from './file-sink.options.js';

const EVENT: SecurityEvent = {
  type: 'ws.drain.started',
  owasp: 'sys_shutdown',
  time: '2026-11-27T10:00:00.000Z',
  connections: 1,
};

describe('FileSink', () => {
  /** How often the disk was asked to have it all. */
  let synced = 0;
  let kindOfHandle: FileHandle;
  let clock = new FakeClock();

  beforeAll(async () => {
    const handle = await open('/dev/null');
    kindOfHandle = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const original = Object.getOwnPropertyDescriptor(kindOfHandle, 'datasync')?.value as () => Promise<void>;
    const spy = vi.spyOn(kindOfHandle, 'datasync').mockImplementation(async function (this: FileHandle) {
      await Reflect.apply(original, this, []);
      synced++;
    });
    return () => spy.mockRestore();
  });

  beforeEach(() => {
    synced = 0;
    clock = new FakeClock(Date.parse('2026-11-27T10:00:00.000Z'));
  });

  async function sinkWith(options: Partial<FileSinkOptions>): Promise<FileSink> {
    const sink = new FileSink({ path: auditFolder().path, ...options });
    await sink.open(clock);
    return sink;
  }

  it('MO-09 has each call on the disk before it says that it is written, where the option says so', async () => {
    const sink = await sinkWith({ fsync: 'always' });
    for (let calls = 1; calls <= 3; calls++) {
      await sink.writeBatch([EVENT, EVENT]);
      expect(synced).toBe(calls);
    }
    await sink.close();
    expect(synced).toBe(4);
  });

  it('MO-09 has what it wrote on the disk a second later, once, and nothing while nothing is written', async () => {
    const sink = await sinkWith({});
    for (let seconds = 1; seconds <= 3; seconds++) {
      for (let i = 0; i < 5; i++) await sink.write(EVENT);
      expect(synced).toBe(seconds - 1);
      clock.advance(1000);
      await vi.waitFor(() => expect(synced).toBe(seconds));
    }
    clock.advance(60_000);
    await sink.close();
    expect(synced).toBe(4);
  });

  it('MO-09 has a file on the disk before it is put away, and the last one before it ends', async () => {
    const sink = await sinkWith({ fsync: 'never', maxFileBytes: 4096 });
    for (let i = 0; i < 100; i++) await sink.write(EVENT);
    const files = synced;
    expect(files).toBeGreaterThan(1);
    await sink.close();
    expect(synced).toBe(files + 1);
  });

  it('MO-08 MO-09 goes on in the file that stands there, where somebody has put another one in its place', async () => {
    const { path, at } = auditFolder();
    const sink = new FileSink({ path });
    await sink.open(clock);
    await sink.write(EVENT);
    renameSync(path, at('audit.1.jsonl'));
    writeFileSync(path, '', { mode: 0o600 });
    await sink.write(EVENT);
    await sink.close();
    for (const file of [path, at('audit.1.jsonl')]) expect(linesOf(file)).toHaveLength(1);
  });

  it('MO-08 goes on with the number of what a full disk did not take', async () => {
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey } });
    await sink.open(clock);
    await sink.write(EVENT);
    const full = vi.spyOn(kindOfHandle, 'write').mockRejectedValueOnce(new Error('the disk is full'));
    await expect(sink.write(EVENT)).rejects.toThrow('the disk is full');
    full.mockRestore();
    await sink.write(EVENT);
    await sink.close();
    const numbers = linesOf(path).map((line) => Number(/"seq":(\d+)/.exec(line)?.[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(linesOf(path).filter((line) => line.includes(EVENT.type))).toHaveLength(2);
  });

  it.each([false, true])(
    'MO-09 MO-10 says first what it lost while its folder was away, chained: %s',
    async (isChained) => {
      const audit = auditFolder();
      const folder = audit.at('logs');
      mkdirSync(folder);
      const path = `${folder}/audit.jsonl`;
      const chain = { privateKey: audit.privateKey, node: 'web-1' };
      const sink = new FileSink({ path, ...(isChained && { chain }) });
      const events = new SecurityEvents(clock, [sink], { ...defaultEventsSettings(), sampling: 'off' });
      const drain = (connections: number): Promise<void> => {
        events.emit({ type: 'ws.drain.started', connections });
        return events.flush();
      };
      await events.open();
      await drain(1);
      rmSync(folder, { recursive: true });
      for (const connections of [2, 3, 4]) await drain(connections);
      clock.advance(1000);
      await events.flush();
      mkdirSync(folder);
      await drain(5);
      await events.close();

      const records = linesOf(path).map((line) => JSON.parse(line) as { type: string; failed?: number });
      const told = records.filter(({ type }) => type.startsWith('ws.'));
      expect(told).toEqual([
        expect.objectContaining({ type: 'ws.audit.dropped', sink: 'FileSink', dropped: 0, failed: 3 }),
        expect.objectContaining({ type: 'ws.drain.started', connections: 5 }),
      ]);
      if (!isChained) return;
      const { status, wrong } = await verify(audit, [path]);
      expect(status).toBe(3);
      expect(wrong).toEqual([expect.stringMatching(/^gap .*audit\.jsonl:2: the process lost 3 events for this file/)]);
    },
  );

  it('MO-09 tells the log once of a trouble in a row, and again when it is back after it was gone', async () => {
    const lines: string[] = [];
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey, anchorEveryMs: 1000 } });
    await sink.open(clock);
    await sink.write(EVENT);
    const writes = vi.spyOn(kindOfHandle, 'write');
    const anchor = async (): Promise<void> => {
      const calls = writes.mock.calls.length;
      clock.advance(1000);
      await vi.waitFor(() => expect(writes.mock.calls.length).toBeGreaterThan(calls));
      // Whatever comes next waits for it.
      await sink.write(EVENT);
    };
    const failing = async (): Promise<void> => {
      writes.mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
      await anchor();
    };
    for (const [work, told] of [[failing, 1], [failing, 1], [anchor, 1], [failing, 2], [failing, 2]] as const) {
      await work();
      expect(lines).toHaveLength(told);
    }
    expect(JSON.parse(lines[0] ?? '')).toEqual({ where: 'FileSink', path, trouble: 'ENOSPC' });
    await sink.close();
    for (const spy of [warn, writes]) spy.mockRestore();
  }); // prettier-ignore

  it('MO-08 signs nothing behind its end', async () => {
    const { path, privateKey } = auditFolder();
    const sink = new FileSink({ path, chain: { privateKey } });
    await sink.open(clock);
    await sink.write(EVENT);
    expect(clock.pending).toBeGreaterThan(0);
    await sink.close();
    expect(clock.pending).toBe(0);
  });

  it('MO-08 does not write into a file of another user', async () => {
    const { path } = auditFolder();
    writeFileSync(path, '');
    // Only root can give a file away; anybody can be somebody else to the sink.
    const owner = statSync(path).uid;
    const identity = process as { geteuid: () => number };
    const geteuid = vi.spyOn(identity, 'geteuid').mockReturnValue(owner + 1);
    onTestFinished(() => geteuid.mockRestore());
    await expect(new FileSink({ path }).open(clock)).rejects.toThrow('it belongs to another user');
  });
});
