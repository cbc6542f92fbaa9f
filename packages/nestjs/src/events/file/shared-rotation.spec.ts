import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AuditFolder, auditFolder, linesOf } from '../../../../../test/support/audit-folder.js';
import { verify } from '../../../../../test/support/audit-run.js';
import { FakeClock } from '../../../../../test/support/fake-clock.js';
import { FileSink } from './file.sink.js';
import { RotatedFiles } from './rotated-files.js';

describe('a file that another process may put away as well', () => {
  let clock = new FakeClock();

  beforeEach(() => {
    clock = new FakeClock(Date.parse('2026-11-27T10:00:00.000Z'));
  });

  async function sinkIn({ path, privateKey }: AuditFolder): Promise<FileSink> {
    const sink = new FileSink({ path, maxFileBytes: 4096, chain: { privateKey, anchorEveryMs: 3_600_000 } });
    await sink.open(clock);
    return sink;
  }

  async function write(sink: FileSink, count: number): Promise<void> {
    for (let connections = 0; connections < count; connections++) {
      const time = new Date(clock.now()).toISOString();
      await sink.write({ type: 'ws.drain.started', owasp: 'sys_shutdown', time, connections });
    }
  }

  it('MO-08 MO-09 takes more for as long as another one has the lock, and takes that over from one that has ended', async () => {
    const audit = auditFolder();
    const sink = await sinkIn(audit);
    const lock = `${audit.path}.lock`;
    writeFileSync(lock, '');
    await write(sink, 30);
    clock.advance(9999);
    await write(sink, 1);
    expect(audit.files()).toHaveLength(1);
    clock.advance(1);
    await write(sink, 1);
    expect(audit.files()).toHaveLength(2);
    expect(existsSync(lock)).toBe(false);
    await sink.close();
    expect(await verify(audit, audit.files(), '--complete')).toMatchObject({ status: 0, wrong: [] });
  });

  it('MO-08 MO-09 is put away all the same where the lock is something that nobody can remove, and the log says so', async () => {
    const audit = auditFolder();
    const lines: string[] = [];
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
    onTestFinished(() => warn.mockRestore());
    const sink = await sinkIn(audit);
    mkdirSync(`${audit.path}.lock`);
    await write(sink, 30);
    clock.advance(10_000);
    await write(sink, 1);
    expect(audit.files()).toHaveLength(2);
    expect(lines).toEqual([expect.stringContaining('"where":"FileSink"')]);
    await sink.close();
  });

  it.each([
    ['and nothing is there yet', false],
    ['and its next file is there', true],
  ])('MO-08 MO-09 loses nothing where one that knows no lock is faster, %s', async (_, hasNext) => {
    const audit = auditFolder();
    const other = audit.at('audit.2026-11-27T10-00-00-001Z-0000-00000000.jsonl');
    const sink = await sinkIn(audit);
    const original = Object.getOwnPropertyDescriptor(RotatedFiles.prototype, 'nextPath')?.value as (now: number) => Promise<string>; // prettier-ignore
    const next = vi.spyOn(RotatedFiles.prototype, 'nextPath').mockImplementationOnce(async function (this: RotatedFiles, now) {
      const path = await Reflect.apply(original, this, [now]);
      renameSync(audit.path, other);
      if (hasNext) writeFileSync(audit.path, `${linesOf(other)[0] ?? ''}\n`, { mode: 0o600 });
      return path;
    }); // prettier-ignore
    onTestFinished(() => next.mockRestore());
    await write(sink, 30);
    await sink.close();
    const events = audit.files().flatMap(linesOf).filter((line) => line.includes('"ws.drain.started"')); // prettier-ignore
    expect(events).toHaveLength(30);
    const files = audit.files();
    expect(files).toHaveLength(hasNext ? 4 : 3);
    // The file of the other one stands behind the one that it had put away.
    expect(files[0]).toBe(other);
    const ours = files.filter((file) => !hasNext || linesOf(file).length > 1);
    expect(await verify(audit, ours, '--complete')).toMatchObject({ status: 0, wrong: [] });
  });
});
