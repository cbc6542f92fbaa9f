import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type FileHandle, open, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, type Mock, vi } from 'vitest';
import { type AuditFolder, auditFolder, linesOf } from '../../../../../test/support/audit-folder.js';
import type { TrailReport } from '../chain/chain-finding.js';
import { TrailVerifier } from '../chain/trail-verifier.js';
import { AuditTrail } from './audit-trail.js';

const NOW = Date.parse('2026-11-27T10:00:00.000Z');
const EVENT = { type: 'ws.drain.started', time: '2026-11-27T10:00:00.000Z', connections: 1 };

interface StartLine {
  readonly type: string;
  readonly continues?: { readonly id: string; readonly seq: number };
  readonly gap?: string;
  readonly chain: { readonly id: string; readonly seq: number };
}

describe('AuditTrail', () => {
  let kindOfHandle: FileHandle;

  beforeAll(async () => {
    const handle = await open('/dev/null');
    kindOfHandle = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
  });

  const trailIn = ({ path, privateKey }: AuditFolder, isChained = true): AuditTrail =>
    new AuditTrail(
      {
        ...{ path, maxFileBytes: 10_000_000, rotateDaily: false, maxFiles: 3, fsync: 'never', mode: 0o600 },
        floods: 'summarised',
        chain: isChained
          ? { key: createPrivateKey(privateKey), node: 'web-1', anchorEveryRecords: 100, anchorEveryMs: 60_000 }
          : undefined,
      },
      { tell: () => undefined, isDone: () => undefined, say: () => undefined },
    );

  /** Has the disk take half of the next write, fail, and not give that half back. */
  async function tear(write: () => Promise<void>): Promise<void> {
    type Write = (bytes: Uint8Array, offset: number, length: number) => Promise<{ readonly bytesWritten: number }>;
    const original = Object.getOwnPropertyDescriptor(kindOfHandle, 'write')?.value as Write;
    const writes = vi.spyOn(kindOfHandle, 'write') as unknown as Mock<Write>;
    writes.mockImplementationOnce(function (this: FileHandle, bytes: Uint8Array, offset: number, length: number) {
      return Reflect.apply(original, this, [bytes, offset, Math.floor(length / 2)]);
    });
    writes.mockRejectedValueOnce(new Error('the disk is full'));
    const truncate = vi.spyOn(kindOfHandle, 'truncate').mockRejectedValueOnce(new Error('nor can it be taken back'));
    await expect(write()).rejects.toThrow('the disk is full');
    writes.mockRestore();
    truncate.mockRestore();
  }

  const recordsOf = ({ path }: AuditFolder): StartLine[] =>
    linesOf(path).flatMap((line) => {
      try {
        return [JSON.parse(line) as StartLine];
      } catch {
        return [];
      }
    });

  function verified({ path, privateKey }: AuditFolder): TrailReport {
    const keys = [createPublicKey(privateKey)];
    const verifier = new TrailVerifier({ keys, isComplete: true, maxAgeMs: undefined, now: NOW, remembered: [] });
    for (const [index, line] of linesOf(path).entries()) {
      verifier.read(Buffer.from(line), { file: path, line: index + 1 });
    }
    return verifier.finish();
  }

  it('MO-08 says that a record was torn, and goes on from the last one that arrived', async () => {
    const audit = auditFolder();
    const trail = trailIn(audit);
    await trail.open();
    await trail.append([EVENT], NOW);
    await tear(() => trail.append([EVENT], NOW));
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    const [first, second] = recordsOf(audit).filter(({ type }) => type === 'audit.start');
    expect(second).toMatchObject({ gap: 'torn', continues: { id: first?.chain.id, seq: 1 } });
    expect(verified(audit)).toMatchObject({ findings: [], records: 5 });
  });

  it('MO-08 goes on from the chain of the process before, also where its own first record was torn', async () => {
    const audit = auditFolder();
    const before = trailIn(audit);
    await before.open();
    await before.append([EVENT], NOW);
    await before.close(NOW);
    const trail = trailIn(audit);
    await trail.open();
    await tear(() => trail.append([EVENT], NOW));
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    const [first, second] = recordsOf(audit).filter(({ type }) => type === 'audit.start');
    expect(second).toMatchObject({ gap: 'torn', continues: { id: first?.chain.id, seq: 2 } });
    expect(verified(audit)).toMatchObject({ findings: [], records: 6 });
  });

  it('MO-08 goes on from the file that was put away, also where nothing but a part of a record stands in the new one', async () => {
    const audit = auditFolder();
    const before = trailIn(audit);
    await before.open();
    await before.append([EVENT], NOW);
    await before.close(NOW);
    const [first] = recordsOf(audit);
    const put = (name: string): Promise<void> => rename(audit.path, audit.at(`audit.2026-11-27T10-00-0${name}.jsonl`));
    await put('0-000Z-0000-00000000');
    // Two processes that ended while they wrote their first record: a day lies between them.
    await writeFile(audit.path, '{"type":"audit.st', { mode: 0o600 });
    await put('1-000Z-0000-00000000');
    await writeFile(audit.path, '{"type":"ws.op', { mode: 0o600 });
    const trail = trailIn(audit);
    await trail.open();
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    const start = recordsOf(audit).find(({ type }) => type === 'audit.start');
    expect(start).toMatchObject({ gap: 'torn', continues: { id: first?.chain.id, seq: 2 } });
  });

  it('MO-08 could not read what stands there where the last line is longer than any record, torn or not', async () => {
    const audit = auditFolder();
    await writeFile(audit.path, `${'x'.repeat(1_048_600)}\n{"type":"ws.op`, { mode: 0o600 });
    const trail = trailIn(audit);
    await trail.open();
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    const start = recordsOf(audit).find(({ type }) => type === 'audit.start');
    expect(start?.gap).toBe('unreadable');
    expect(start?.continues).toBeUndefined();
  });

  it.each([
    ['zeros, and an end of line', Buffer.concat([Buffer.alloc(4000), Buffer.from('\n')])],
    ['two lines that somebody has written', Buffer.from('not a record\nnor this one\n')],
    ['2 MiB of zeros, and an end of line', Buffer.concat([Buffer.alloc(2_097_152), Buffer.from('\n')])],
    ['2 MiB of zeros', Buffer.alloc(2_097_152)],
  ])('MO-08 goes on from the last whole record where the end cannot be read: %s', async (_, end) => {
    const audit = auditFolder();
    const before = trailIn(audit);
    await before.open();
    await before.append([EVENT, EVENT], NOW);
    // The machine stops here.
    const lost = await readFile(audit.path);
    await before.close(NOW);
    await writeFile(audit.path, Buffer.concat([lost, end]));
    const trail = trailIn(audit);
    await trail.open();
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    const [first, second] = recordsOf(audit).filter(({ type }) => type === 'audit.start');
    const isTorn = end.at(-1) === 0;
    expect(second).toMatchObject({
      gap: isTorn ? 'torn' : 'unreadable',
      continues: { id: first?.chain.id, seq: 2 },
    });
    const whole = verified(audit).findings;
    const gaps = whole.filter(({ kind }) => kind !== 'unreadable');
    expect(gaps.map(({ kind }) => kind)).toEqual(isTorn ? [] : ['gap']);
    // Whoever takes out what came after the last signature is found.
    const lines = (await readFile(audit.path, 'latin1')).split('\n');
    await writeFile(audit.path, lines.toSpliced(1, 2).join('\n'), 'latin1');
    expect(verified(audit).findings).toContainEqual(expect.objectContaining({ kind: 'cut-off' }));
  });

  it('MO-08 still says that it could not read what stood there, where its first record was torn', async () => {
    const audit = auditFolder();
    const handle = await open(audit.path, 'w', 0o600);
    await handle.writeFile('not a record\n');
    await handle.close();
    const trail = trailIn(audit);
    await trail.open();
    await tear(() => trail.append([EVENT], NOW));
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    expect(recordsOf(audit).find(({ type }) => type === 'audit.start')).toMatchObject({ gap: 'unreadable' });
  });

  it.each([
    ['within a line', 5, '\n'],
    ['at the end of one', 0, ''],
    ['to nothing', Infinity, ''],
  ])('MO-08 MO-09 begins a line of its own where somebody has shortened the file %s', async (_, cutOff, mended) => {
    const audit = auditFolder();
    const trail = trailIn(audit, false);
    await trail.open();
    await trail.append([EVENT, EVENT], NOW);
    const line = `${JSON.stringify(EVENT)}\n`;
    const left = `${line}${line}`.slice(0, Math.max(0, line.length - cutOff));
    await truncate(audit.path, left.length);
    await trail.append([EVENT], NOW);
    await trail.close(NOW);
    expect(await readFile(audit.path, 'utf8')).toBe(`${left}${mended}${line}`);
  });

  it.each([
    ['whole', '\n', ''],
    ['torn', '', '\n'],
  ])(
    'MO-09 reads no more than the last byte where there is no chain: of a file whose end is %s',
    async (_, end, mended) => {
      const audit = auditFolder();
      const before = `${'{"type":"ws.drain.started"}\n'.repeat(80_000)}{"type":"ws.drain.started"}${end}`;
      await writeFile(audit.path, before, { mode: 0o600 });
      const reads = vi.spyOn(kindOfHandle, 'read') as unknown as Mock<(buffer: Uint8Array) => Promise<unknown>>;
      const trail = trailIn(audit, false);
      await trail.open();
      await trail.append([EVENT], NOW);
      await trail.close(NOW);
      const bytes = reads.mock.calls.map(([buffer]) => buffer.length);
      reads.mockRestore();
      expect(bytes).toEqual([1]);
      expect(await readFile(audit.path, 'utf8')).toBe(`${before}${mended}${JSON.stringify(EVENT)}\n`);
    },
  );
});
