import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, linesOf, rewrite } from '../../../../../test/support/audit-folder.js';
import { run, START, verify } from '../../../../../test/support/audit-run.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { FileSink } from '../../events/file/file.sink.js';
import { NO_HASH, writeChainLine } from '../../events/chain/chain-line.js';

const OLDEST = 'audit.2026-01-01T00-00-00-000Z-0000-00000000.jsonl';

/** Records that anybody can write: of a chain whose beginning was removed, as it seems. */
function madeUp(count: number, time: string): string {
  let [text, prev] = ['', NO_HASH];
  for (let seq = 7; seq < 7 + count; seq++) {
    const record = writeChainLine(JSON.stringify({ type: 'ws.drain.started', time }), {
      ...{ id: 'A'.repeat(22), seq, prev },
    });
    text += `${record.line}\n`;
    prev = record.hash;
  }
  return text;
}

const GONE = /^cut-off +chain [\w-]{22} was there when the trail was verified last, and is gone/;

describe('secure-ws audit verify --remember: an attacker without the key', () => {
  const remembered = (audit: AuditFolder) => verify(audit, audit.files(), '--remember', audit.at('heads.json'));

  it('MO-08 is not told by an unsigned record of 2099 that what is gone was older', async () => {
    const audit = auditFolder();
    await run(audit, 3);
    const whole = readFileSync(audit.path);
    await run(audit, 5, { from: START + 60_000 });
    expect(await remembered(audit)).toMatchObject({ status: 0 });
    const heads = readFileSync(audit.at('heads.json'), 'utf8');
    writeFileSync(audit.path, whole);
    writeFileSync(audit.at(OLDEST), madeUp(1, '2099-01-01T00:00:00.000Z'));
    const { status, wrong } = await remembered(audit);
    expect(wrong).toContainEqual(expect.stringMatching(GONE));
    expect(wrong).toContainEqual(expect.stringMatching(/^unsigned +audit.jsonl:1: .*chain A+ in audit.2026/));
    expect(status).toBe(3);
    expect(readFileSync(audit.at('heads.json'), 'utf8')).toBe(heads);
  });

  it('MO-08 finds records that somebody has added in a file of their own in front of the first one', async () => {
    const audit = auditFolder();
    await run(audit, 3);
    writeFileSync(audit.at(OLDEST), madeUp(5, '2026-01-01T00:00:00.000Z'));
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^unsigned +audit.jsonl:1: web-1 found no file, .* chain A+ in audit.2026/),
      expect.stringMatching(/^missing +audit.2026.*: records 0 to 6 of chain A+ are not there/),
    ]);
  });

  it('MO-08 finds all of a trail gone where the next process has gone on from a record that anybody can write', async () => {
    const audit = auditFolder();
    await run(audit, 5);
    expect(await remembered(audit)).toMatchObject({ status: 0 });
    writeFileSync(audit.path, madeUp(1, new Date(START + 50_000).toISOString()));
    await run(audit, 5, { from: START + 60_000 });
    const { status, wrong } = await remembered(audit);
    expect(wrong).toEqual([expect.stringMatching(GONE)]);
    expect(status).toBe(3);
  });

  it('MO-08 finds the whole trail of a node gone, however much of another one was removed by FileSink', async () => {
    const audit = auditFolder();
    const few = { maxFileBytes: 4096, maxFiles: 3 };
    const path = audit.at('other.jsonl');
    await run(audit, 2, few);
    await run({ ...audit, path }, 5, { chain: { privateKey: audit.privateKey, node: 'web-2' } });
    expect(await remembered(audit)).toMatchObject({ status: 0 });
    unlinkSync(path);
    await run(audit, 80, { ...few, from: START + 100_000 });
    const { status, wrong, text } = await remembered(audit);
    expect(wrong).toEqual([expect.stringMatching(GONE)]);
    expect(text).toContain('One chain that was there when the trail was verified last is gone with files from before');
    expect(status).toBe(3);
  });

  it('MO-08 goes on remembering behind a gap, and finds what is erased after it', async () => {
    const audit = auditFolder();
    await run(audit, 3);
    const sink = new FileSink({ path: audit.path, chain: { privateKey: audit.privateKey, node: 'web-1' } });
    const loss = { sink: 'FileSink', own: true, dropped: 1, failed: 0, owasp: 'sys_monitor_disabled' } as const;
    await sink.open(new FakeClock(START + 10_000));
    await sink.write({ type: 'ws.audit.dropped', time: new Date(START + 10_000).toISOString(), ...loss });
    await sink.close();
    const before = readFileSync(audit.path);
    const [gap] = (await remembered(audit)).wrong;
    expect(gap).toMatch(/^gap +audit.jsonl:\d+: the process lost one event/);
    await run(audit, 3, { from: START + 60_000 });
    await run(audit, 3, { from: START + 120_000 });
    expect(await remembered(audit)).toMatchObject({ status: 3, wrong: [gap] });
    writeFileSync(audit.path, before);
    const heads = readFileSync(audit.at('heads.json'), 'utf8');
    const { wrong } = await remembered(audit);
    expect(wrong).toEqual([gap, expect.stringMatching(GONE), expect.stringMatching(GONE)]);
    expect(readFileSync(audit.at('heads.json'), 'utf8')).toBe(heads);
  });

  it('MO-08 remembers no chain as older than its last signature, whatever an unsigned record behind it says', async () => {
    const audit = auditFolder();
    await run(audit, 8);
    rewrite(audit.path, (lines) => lines.slice(4));
    const whole = readFileSync(audit.path);
    await run(audit, 3, { from: START + 60_000, crashes: true });
    const { id, seq, prev } = (JSON.parse(linesOf(audit.path).at(-1) ?? '') as { chain: Link }).chain;
    rewrite(audit.path, (lines) => [
      ...lines.slice(0, -1),
      writeChainLine('{"type":"ws.drain.started","time":"1970-01-01T00:00:00.000Z"}', { id, seq, prev }).line,
    ]);
    expect(await remembered(audit)).toMatchObject({ status: 0 });
    writeFileSync(audit.path, whole);
    expect((await remembered(audit)).wrong).toEqual([expect.stringMatching(GONE)]);
  });

  it('MO-08 says which chains went with the oldest files, and forgets none in silence', async () => {
    const audit = auditFolder();
    const few = { maxFileBytes: 4096, maxFiles: 3 };
    for (let at = 0; at < 7; at++) await run(audit, 1, { ...few, from: START + at * 10_000 });
    const [first = ''] = linesOf(audit.files()[0] ?? '');
    const { id } = (JSON.parse(first) as { chain: Link }).chain;
    expect((await remembered(audit)).text).not.toContain('is gone');
    await run(audit, 80, { ...few, from: START + 100_000 });
    const { status, text } = await remembered(audit);
    expect(status).toBe(0);
    expect(text).toContain(`7 chains that were there when the trail was verified last are gone with files from before`);
    expect(text).toMatch(new RegExp(`: ${id}, .* and 2 more\\. They are not remembered any more\\.`));
    expect((await remembered(audit)).text).not.toContain('not remembered any more');
  });
});

interface Link {
  readonly id: string;
  readonly seq: number;
  readonly prev: string;
}
