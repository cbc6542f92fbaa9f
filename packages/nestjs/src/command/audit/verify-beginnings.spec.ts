import { createPrivateKey } from 'node:crypto';
import { copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, linesOf, rewrite } from '../../../../../test/support/audit-folder.js';
import { event, run, START, verify } from '../../../../../test/support/audit-run.js';
import { AuditTrail } from '../../events/file/audit-trail.js';
import { FileSink } from '../../events/file/file.sink.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { NO_HASH, writeChainLine } from '../../events/chain/chain-line.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** One of several processes that write to one file. A `FileSink` is the only one of its process that may. */
async function processOf({ path, privateKey }: AuditFolder, node: string, clock: FakeClock) {
  const trail = new AuditTrail(
    {
      ...{ path, maxFileBytes: 10_000_000, rotateDaily: false, maxFiles: 3, fsync: 'never', mode: 0o600 },
      floods: 'summarised',
      chain: { key: createPrivateKey(privateKey), node, anchorEveryRecords: 5, anchorEveryMs: MINUTE },
    },
    { tell: () => undefined, isDone: () => undefined, say: () => undefined },
  );
  await trail.open();
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await trail.append([event(clock, i)], clock.now());
      clock.advance(1000);
    }
  };
  return { write, close: () => trail.close(clock.now()) };
}

describe('secure-ws audit verify: a trail whose beginning was removed', () => {
  it('MO-08 is found out who cuts it at a start, and puts records behind that which nothing has signed', async () => {
    const audit = auditFolder();
    await run(audit, 5);
    await run(audit, 5, { from: START + MINUTE });
    let prev = NO_HASH;
    const madeUp = [7, 8, 9].map((seq) => {
      const event = { type: 'ws.operator.acted', time: new Date(START + MINUTE).toISOString() };
      const { line, hash } = writeChainLine(JSON.stringify(event), { id: 'A'.repeat(22), seq, prev });
      prev = hash;
      return line;
    });
    rewrite(audit.path, (lines) => {
      const [start = '', ...rest] = lines.slice(lines.findLastIndex((line) => line.includes('audit.start')));
      return [start, ...madeUp, ...rest];
    });
    const { status, text } = await verify(audit);
    expect(text).toMatch(/UNKNOWN not-given +audit.jsonl:2: records 7 to 9 of chain A+ are signed by nothing here/);
    expect(status).toBe(3);
  });

  it.each([
    ['the chain before it', false],
    ['an older chain', true],
  ])(
    'MO-08 is found out who puts the file away under the process, and leaves of it no more than %s',
    async (_, isOlder) => {
      const audit = auditFolder();
      // Its beginning is gone, as with the oldest files.
      await run(audit, 20);
      rewrite(audit.path, (lines) => lines.slice(6));
      const oldest = readFileSync(audit.path);
      if (isOlder) await run(audit, 3, { from: START + MINUTE });
      const before = isOlder ? oldest : readFileSync(audit.path);
      const clock = new FakeClock(START + 2 * MINUTE);
      const write = (sink: FileSink): Promise<void> =>
      sink.write({ type: 'ws.drain.started', owasp: 'sys_shutdown', connections: 1, time: new Date(clock.now()).toISOString() }); // prettier-ignore
      const sink = new FileSink({
        path: audit.path,
        rotateDaily: false,
        chain: { privateKey: audit.privateKey, node: 'web-1' },
      });
      await sink.open(clock);
      await write(sink);
      renameSync(audit.path, audit.at('x'));
      writeFileSync(audit.at('audit.2026-11-27T10-02-00-000Z-0000-0badcafe.jsonl'), before);
      clock.advance(1000);
      await write(sink);
      rmSync(audit.at('x'));
      await sink.close();
      expect(linesOf(audit.path)[0]).toContain('"lastWritten":"2026-11-27T10:02:00.000Z"');
      const { status, wrong } = await verify(audit);
      expect(wrong).toEqual([
        expect.stringMatching(/^missing +audit.jsonl:1: records 0 to 1 of chain .* was written to later/),
      ]);
      expect(status).toBe(3);
    },
  );

  it.each([
    ['goes on', 0],
    ['is started again', 1],
    ['is started twice', 2],
  ])(
    'MO-08 accuses nobody where the clock was set back while somebody put the file away, and the process %s',
    async (_, starts) => {
      const audit = auditFolder();
      const clock = new FakeClock(START + HOUR);
      const chain = { privateKey: audit.privateKey, node: 'web-1' };
      const sink = new FileSink({ path: audit.path, rotateDaily: false, chain });
      const write = (): Promise<void> => sink.write(event(clock, 0));
      await sink.open(clock);
      await write();
      renameSync(audit.path, audit.at('archive'));
      clock.stepWallClock(-HOUR);
      await write();
      clock.advance(2 * MINUTE);
      await write();
      await sink.close();
      for (let i = 1; i <= starts; i++) await run(audit, 5, { from: START + i * 10_000 });
      expect(await verify(audit)).toMatchObject({ wrong: [], status: 0 });
    },
  );

  it.each(['web-1', 'web-2'])(
    'MO-08 is found out who takes a file out, and all of a process from the one before it but what %s wrote behind it',
    async (node) => {
      const audit = auditFolder();
      const clock = new FakeClock(START);
      const archives = ['02', '05'].map((minute) =>
        audit.at(`audit.2026-11-27T10-${minute}-00-000Z-0000-0badcafe.jsonl`),
      );
      const [older = '', newer = ''] = archives;
      const first = await processOf(audit, 'web-1', clock);
      await first.write(7);
      const second = await processOf(audit, node, clock);
      await second.write(7);
      await second.close();
      await first.write(3);
      const startOfSecond = linesOf(audit.path).findLast((line) => line.includes('audit.start')) ?? '';
      for (const path of archives) {
        clock.advance(MINUTE);
        renameSync(audit.path, path);
        await first.write(20);
      }
      await first.close();
      expect(await verify(audit)).toMatchObject({ wrong: [], status: 0 });
      const id = /"chain":\{"id":"[\w-]+"/.exec(startOfSecond)?.[0] ?? 'it has none';
      rewrite(older, (lines) => lines.filter((line) => line.includes(id)));
      rmSync(newer);
      const { status, wrong } = await verify(audit);
      expect(wrong).toContainEqual(
        expect.stringMatching(/^missing +audit.jsonl:1: records 0 to \d+ of .* was written to later/),
      );
      expect(status).toBe(3);
    },
  );

  it('MO-08 is found out who takes a file out while the clock is set back, and leaves an older one', async () => {
    const audit = auditFolder();
    await run(audit, 20);
    rewrite(audit.path, (lines) => lines.slice(6));
    const before = readFileSync(audit.path);
    const clock = new FakeClock(START + HOUR);
    const chain = { privateKey: audit.privateKey, node: 'web-1' };
    const sink = new FileSink({ path: audit.path, rotateDaily: false, chain });
    const write = (): Promise<void> => sink.write(event(clock, 0));
    await sink.open(clock);
    await write();
    rmSync(audit.path);
    writeFileSync(audit.at('audit.2026-11-27T10-02-00-000Z-0000-0badcafe.jsonl'), before);
    clock.stepWallClock(-HOUR);
    await write();
    await sink.close();
    const { status, wrong } = await verify(audit);
    expect(wrong).toEqual([
      expect.stringMatching(/^missing +audit.jsonl:1: records 0 to 1 of .* was written to later/),
    ]);
    expect(status).toBe(3);
  });

  it.each([
    ['cuts it there', false],
    ['leaves what the other one wrote, alone', true],
  ])(
    'MO-08 is found out who takes hours of a process from in front of the start of another one: who %s',
    async (_, isFiltered) => {
      const audit = auditFolder();
      const clock = new FakeClock(START);
      const first = await processOf(audit, 'web-1', clock);
      for (let hour = 0; hour < 3; hour++) {
        await first.write(20);
        clock.advance(HOUR);
      }
      const second = await processOf(audit, 'web-2', clock);
      await second.write(30);
      const state = audit.at('state.json');
      expect(await verify(audit, audit.files(), '--remember', state)).toMatchObject({ status: 0 });
      clock.advance(HOUR);
      const putAway = audit.at('audit.2026-11-27T10-02-00-000Z-0000-0badcafe.jsonl');
      renameSync(audit.path, putAway);
      await second.write(7);
      await first.write(7);
      await second.close();
      await first.close();
      expect(await verify(audit)).toMatchObject({ status: 0 });
      rewrite(putAway, (lines) => {
        const start = lines.findLastIndex((line) => line.includes('audit.start'));
        const [chain = ''] = /"chain":\{"id":"[\w-]+"/.exec(lines[start] ?? '') ?? [];
        return isFiltered ? lines.filter((line) => line.includes(chain)) : lines.slice(start);
      });
      expect(await verify(audit)).toMatchObject({ status: 3 });
      expect(await verify(audit, audit.files(), '--remember', state)).toMatchObject({ status: 3 });
    },
  );

  it('MO-08 is found out who removes a file in the middle, moments behind the beginning of the trail', async () => {
    const audit = auditFolder();
    const clock = new FakeClock(START);
    const first = await processOf(audit, 'web-1', clock);
    await first.write(3);
    await first.close();
    renameSync(audit.path, audit.at('audit.2026-11-27T10-00-03-000Z-0000-0badcafe.jsonl'));
    const second = await processOf(audit, 'web-1', clock);
    await second.write(4);
    const middle = audit.at('audit.2026-11-27T10-00-07-000Z-0000-0badcafe.jsonl');
    renameSync(audit.path, middle);
    await second.write(20);
    await second.close();
    expect(await verify(audit)).toMatchObject({ status: 0 });
    rmSync(middle);
    expect(await verify(audit)).toMatchObject({ status: 3 });
  });

  it('MO-08 is found out who cuts the file in front of the start of another process', async () => {
    const audit = auditFolder();
    const clock = new FakeClock(START);
    const first = await processOf(audit, 'web-1', clock);
    await first.write(8);
    const second = await processOf(audit, 'web-2', clock);
    await second.write(1);
    await first.write(8);
    await second.close();
    await first.close();
    rewrite(audit.path, (lines) => lines.slice(lines.findLastIndex((line) => line.includes('audit.start'))));
    const { status, text } = await verify(audit);
    expect(text).toMatch(/WRONG missing +audit.jsonl:\d+: records 0 to \d+ of chain/);
    expect(status).toBe(3);
  });

  it('MO-08 MO-10 finds a file cut off that was emptied, whatever copies of it are given: one of them may lack records of others', async () => {
    const audit = auditFolder();
    const [clock, copy] = [new FakeClock(START), audit.at('audit.1.jsonl')];
    const sink = new FileSink({ path: audit.path, rotateDaily: false, chain: { privateKey: audit.privateKey, node: 'web-1' } }); // prettier-ignore
    const write = async (): Promise<void> => {
      const time = new Date(clock.now()).toISOString();
      for (let connections = 0; connections < 3; connections++) {
        await sink.write({ type: 'ws.drain.started', owasp: 'sys_shutdown', connections, time });
      }
    };
    await sink.open(clock);
    await write();
    copyFileSync(audit.path, copy);
    truncateSync(audit.path);
    await write();
    await sink.close();
    const cutOff = expect.stringMatching(/^cut-off +audit.jsonl:1: web-1 found the file shorter/) as string;
    expect((await verify(audit, [audit.path])).wrong).toContainEqual(cutOff);
    expect((await verify(audit, [copy, audit.path], '--complete')).wrong).toContainEqual(cutOff);
  });
});
