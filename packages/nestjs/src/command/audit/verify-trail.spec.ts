import { appendFileSync, copyFileSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, linesOf, rewrite } from '../../../../../test/support/audit-folder.js';
import { rechained, rehashed, run, START, verify } from '../../../../../test/support/audit-run.js';

describe('secure-ws audit verify: a trail that nobody touched', () => {
  it('MO-08 is what was written: over events, signed records, the day’s end, a full file and restarts', async () => {
    const audit = auditFolder();
    await run(audit, 12);
    await run(audit, 60, { from: START + 100_000, maxFileBytes: 4096 });
    await run(audit, 3, { from: START + 86_400_000 });
    expect(audit.files().length).toBeGreaterThan(3);
    const { status, text, wrong } = await verify(audit, audit.files(), '--complete');
    expect(wrong).toEqual([]);
    expect(status).toBe(0);
    expect(text).toContain('75 records'.replace('75', String(audit.files().flatMap(linesOf).length)));
    expect(text).toMatch(/of web-1: records 0 to \d+, closed/);
  });

  it('MO-08 says how many records nothing vouches for, after a crash and in a process that runs', async () => {
    const audit = auditFolder();
    await run(audit, 8, { crashes: true });
    const { status, text } = await verify(audit);
    expect(status).toBe(0);
    expect(text).toContain('3 of them after the last signature; last signed: record 6 (audit.jsonl:7)');
    expect(text).toContain('3 came after a last signature');
    // The next process signs what it has found.
    await run(audit, 1, { from: START + 60_000, crashes: true });
    expect((await verify(audit)).text).toContain('1 came after a last signature');
  });

  it('MO-08 tells a record that a process left behind half written from one that somebody broke', async () => {
    const audit = auditFolder();
    await run(audit, 3, { crashes: true });
    const whole = readFileSync(audit.path);
    appendFileSync(audit.path, '{"type":"ws.drain.st');
    expect((await verify(audit)).text).toContain('audit.jsonl:5 is not a whole record: it is being written');
    await run(audit, 1, { from: START + 60_000 });
    expect(await verify(audit)).toMatchObject({ status: 0, wrong: [] });
    expect(linesOf(audit.path)[5]).toContain('"gap":"torn"');
    // The same line, where no process says so.
    writeFileSync(audit.path, Buffer.concat([whole, Buffer.from('{"type":"ws.drain.st\n')]));
    appendFileSync(audit.path, `${linesOf(audit.path)[3] ?? ''}\n`);
    expect((await verify(audit)).wrong[0]).toContain('audit.jsonl:5: the line is not a record');
  });
});

/** What is done to a trail, and the line that says so. */
type Attack = readonly [what: string, attack: (audit: AuditFolder) => void, finding: RegExp, args?: readonly string[]];

const middle = (change: (line: string) => string) => (audit: AuditFolder) =>
  rewrite(audit.path, (lines) => lines.map((line, index) => (index === 9 ? change(line) : line)));

const ATTACKS: readonly Attack[] = [
  ['edits a record', middle((line) => line.replace('"connections":', '"connections":1')), /^edited .*jsonl:10:/],
  ['edits one, and makes its hash', middle((line) => rehashed(line, (body) => body.replace('sys_shutdown', 'x'))), /^replaced .*jsonl:11:/],
  ['edits one, and chains all that follow', ({ path }) =>
    rewrite(path, (lines) => rechained(lines.with(9, rehashed(lines[9] ?? '', (body) => body.replace('sys_shutdown', 'x'))), 10)), /^forged .*jsonl:13: the audit.anchor is signed with another key/],
  ['adds a space', middle((line) => line.replace('","', '", "')), /^edited .*jsonl:10:/],
  ['doubles a member', middle((line) => line.replace('{"type"', '{"type":"ws.drain.finished","type"')), /^edited .*jsonl:10:/],
  ['ends a line as Windows does', middle((line) => `${line}\r`), /^unreadable .*jsonl:10:/],
  ['writes bytes that are not UTF-8 in place of a letter', ({ path }) => {
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('sys_shutdown', bytes.length / 2)] = 0xff;
    writeFileSync(path, bytes);
  }, /^edited/],
  ['removes a record', ({ path }) => rewrite(path, (lines) => lines.toSpliced(9, 1)), /^missing .*jsonl:10: record 9 is not there/],
  ['removes several', ({ path }) => rewrite(path, (lines) => lines.toSpliced(4, 6)), /^missing .*jsonl:5: records 4 to 9 are/],
  ['removes the beginning', ({ path }) => rewrite(path, (lines) => lines.slice(1)), /^missing .*do not go back/, ['--complete']],
  ['swaps two records', ({ path }) => rewrite(path, (lines) => lines.with(9, lines[8] ?? '').with(8, lines[9] ?? '')), /^reordered .*jsonl:10:/],
  ['repeats a record', ({ path }) => rewrite(path, (lines) => lines.toSpliced(10, 0, lines[9] ?? '')), /^reordered .*jsonl:11: record 9 .* there twice/],
  ['repeats the whole file', ({ path }) => rewrite(path, (lines) => [...lines, ...lines]), /^reordered/],
  ['writes a line of its own', ({ path }) => rewrite(path, (lines) => lines.toSpliced(5, 0, '{"type":"ws.connection.opened"}')), /^unreadable .*jsonl:6: the line is not a record/],
  ['writes an empty line', ({ path }) => rewrite(path, (lines) => lines.toSpliced(5, 0, '')), /^unreadable .*jsonl:6:/],
  ['writes a record behind the end', ({ path }) =>
    rewrite(path, (lines) => {
      const copy = rehashed(lines[3] ?? '', (body) => body.replace(/"seq":3/, `"seq":${lines.length}`));
      return rechained([...lines, copy], lines.length);
    }), /^after-end/],
  ['takes the signed records out, and chains the others again', ({ path }) =>
    rewrite(path, (lines) => {
      const events = lines.filter((line, index) => index === 0 || !line.includes('"audit.'));
      return rechained(events.map((line, seq) => rehashed(line, (body) => body.replace(/"seq":\d+/, `"seq":${seq}`))), 1);
    }), /^unsigned .*jsonl:7: a signed record should stand between record 0/],
  ['takes the signature from a signed record', ({ path }) =>
    rewrite(path, (lines) => lines.map((line) => rehashed(line, (body) => body.replace(/,"signature":"[\w-]+"$/, '')))), /^forged .*jsonl:1: the audit.start is not signed/],
  ['puts one signature in place of another', ({ path }) =>
    rewrite(path, (lines) => {
      const signature = /"signature":"[\w-]+"/.exec(lines[0] ?? '')?.[0] ?? '';
      return lines.map((line) => rehashed(line, (body) => body.replace(/"signature":"[\w-]+"/, signature)));
    }), /^forged/],
]; // prettier-ignore

describe('secure-ws audit verify: an attacker with the file', () => {
  it.each(ATTACKS.map(([what, attack, finding, args = []]) => [what, attack, finding, args] as const))(
    'MO-08 is found out who %s',
    async (_, attack, finding, args) => {
      const audit = auditFolder();
      await run(audit, 20);
      expect(await verify(audit, audit.files(), ...args)).toMatchObject({ status: 0, wrong: [] });
      attack(audit);
      const { status, wrong, text } = await verify(audit, audit.files(), ...args);
      expect(status).toBe(3);
      expect(wrong.filter((line) => finding.test(line))).not.toEqual([]);
      expect(text).toMatch(/wrong with this trail\.$/);
    },
  );

  it('MO-08 is found out who cuts off what a later process went on from, or a file, or all of a process', async () => {
    const audit = auditFolder();
    await run(audit, 8, { crashes: true });
    const crashed = readFileSync(audit.path);
    await run(audit, 4, { from: START + 60_000 });
    await run(audit, 4, { from: START + 120_000 });
    const whole = linesOf(audit.path);
    rewrite(audit.path, (lines) => [...lines.slice(0, 7), ...lines.slice(10)]);
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(
        /^cut-off +audit.jsonl:8: it goes on from record 9 of chain .*: records 7 to 9 are not there/,
      ),
    ]);
    const second = whole.findIndex((line, index) => index > 0 && line.includes('audit.start'));
    const third = whole.findIndex((line, index) => index > second && line.includes('audit.start'));
    writeFileSync(audit.path, `${whole.toSpliced(second, third - second).join('\n')}\n`);
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^missing +audit.jsonl:11: it goes on from chain/),
    ]);
    // Edited and chained again at its end, where nothing is signed any more: the next process has signed what it found.
    const lines = crashed.toString().split('\n').slice(0, -1);
    const edited = rehashed(lines.at(-1) ?? '', (body) => body.replace('sys_shutdown', 'x'));
    writeFileSync(audit.path, `${[...lines.slice(0, -1), edited, ...whole.slice(second)].join('\n')}\n`);
    expect((await verify(audit)).wrong).toContainEqual(expect.stringMatching(/^replaced +audit.jsonl:11:/));
  });

  it('MO-08 is found out who edits what the next process has signed, and hides that behind a record more', async () => {
    const audit = auditFolder();
    await run(audit, 8, { crashes: true });
    await run(audit, 2, { from: START + 60_000 });
    expect((await verify(audit)).text).toContain('was not closed: its process ended early, or its end was cut off');
    rewrite(audit.path, (lines) => {
      const edited = lines
        .with(
          8,
          rehashed(lines[8] ?? '', (body) => body.replace('sys_shutdown', 'x')),
        )
        .slice(0, 10);
      const more = rehashed(edited[9] ?? '', (body) => body.replace('"seq":9', '"seq":10'));
      return [...rechained([...edited, more], 9), ...lines.slice(10)];
    });
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^replaced +audit.jsonl:12: it goes on from another record 9 of chain/),
    ]);
  });

  it('MO-08 shows that records of another trail with the same key were put in between', async () => {
    const [audit, other] = [auditFolder(), auditFolder()];
    await run(audit, 4);
    await run({ ...other, privateKey: audit.privateKey }, 4, {
      chain: { privateKey: audit.privateKey, node: 'web-2' },
    });
    rewrite(audit.path, (lines) => [...lines, ...linesOf(other.path)]);
    const { status, text } = await verify(audit);
    expect(status).toBe(0);
    expect(text).toMatch(/note {2}audit.jsonl:7: web-2 began a trail of its own: it found no file\./);
    rewrite(audit.path, (lines) => [...lines.slice(0, 6), ...linesOf(other.path).slice(2)]);
    expect(await verify(audit)).toMatchObject({ status: 3 });
  });

  it('MO-08 takes the trails of two nodes in one run, of which FileSink has removed the oldest files, and no others', async () => {
    const audit = auditFolder();
    const few = { maxFileBytes: 4096, maxFiles: 3 };
    const web2 = { ...few, chain: { privateKey: audit.privateKey, node: 'web-2' } };
    const other = { ...audit, path: audit.at('other.jsonl') };
    for (const from of [START, START + 100_000]) {
      await run(audit, 60, { ...few, from });
      await run(other, 60, { ...web2, from });
    }
    const files = audit.files();
    expect(files).toHaveLength(6);
    const { status, text } = await verify(audit);
    expect(status).toBe(0);
    expect(text).toMatch(/note {2}The trail of web-1 begins before .*note {2}The trail of web-2 begins before /s);
    expect((await verify(audit, files, '--complete')).wrong).toEqual([expect.stringMatching(/do not go back/)]);
    // One in the middle is not the oldest, of either of them.
    for (const index of [1, 4]) {
      expect((await verify(audit, files.toSpliced(index, 1))).wrong).toContainEqual(expect.stringMatching(/^missing /));
    }
  });

  it('MO-08 says of files that were begun a moment ago, given alone, that the older ones are not there, and blames nobody', async () => {
    const audit = auditFolder();
    // Both end a few records behind a file that was put away, and before their next signature.
    const few = { maxFileBytes: 4096, crashes: true };
    const chain = { privateKey: audit.privateKey, anchorEveryRecords: 100 };
    const other = { ...audit, path: audit.at('other.jsonl') };
    await run(audit, 40, { ...few, chain: { ...chain, node: 'web-1' } });
    await run(other, 40, { ...few, chain: { ...chain, node: 'web-2' } });
    const files = audit.files();
    const active = [audit.path, other.path];
    expect(files.length).toBeGreaterThan(4);
    expect(active.flatMap(linesOf).filter((line) => line.includes('"audit.'))).toEqual([]);
    expect(await verify(audit)).toMatchObject({ status: 0 });
    for (const given of [active, active.slice(1), active.toReversed()]) {
      const { status, wrong, text } = await verify(audit, given);
      expect({ status, wrong }).toEqual({ status: 3, wrong: [] });
      expect(
        text.match(/^UNKNOWN not-given .*: records \d+ to \d+ of chain [\w-]{22} are signed by nothing here/gm),
      ).toHaveLength(given.length);
      expect(text).toMatch(/\n\nWhether it is as it was written, these files alone do not tell\.$/);
    }
    // All of one node, and of the other one the active file alone.
    const ofFirst = files.filter((file) => !file.includes('other'));
    for (const given of [
      [...ofFirst, other.path],
      [other.path, ...ofFirst],
    ]) {
      const { status, wrong, text } = await verify(audit, given);
      expect({ status, wrong }).toEqual({ status: 3, wrong: [] });
      expect(text.match(/^UNKNOWN .*/gm)).toEqual([expect.stringContaining('not-given  other.jsonl:1: ')]);
    }
    // What they hold is held against itself all the same, and a file in the middle that was removed is found.
    const [first = '', ...later] = ofFirst;
    rewrite(audit.path, (lines) => lines.toSpliced(1, 1));
    expect((await verify(audit, active)).wrong).toEqual([
      expect.stringMatching(/^missing +audit.jsonl:2: record \d+ is not there/),
    ]);
    expect((await verify(audit, [first, ...later.slice(1), other.path])).wrong[0]).toMatch(/^missing /);
  });

  it('MO-08 is found out who swaps two files, gives one twice, leaves one out or puts an old one in its place', async () => {
    const audit = auditFolder();
    await run(audit, 80, { maxFileBytes: 4096 });
    const files = audit.files();
    const [first = '', second = '', third = ''] = files;
    expect(files.length).toBeGreaterThan(3);
    expect(await verify(audit)).toMatchObject({ status: 0 });
    const [begin, end] = [files.slice(0, 1), files.slice(3)];
    expect((await verify(audit, [...begin, third, second, ...end])).wrong[0]).toMatch(/^missing/);
    expect((await verify(audit, [first, first, ...files.slice(1)])).wrong[0]).toMatch(/^reordered/);
    expect((await verify(audit, files.toSpliced(1, 1))).wrong).toEqual([expect.stringMatching(/^missing/)]);
    copyFileSync(first, second);
    expect((await verify(audit)).wrong.length).toBeGreaterThan(1);
  });

  it('MO-08 is found out who forges all of it with a key of their own', async () => {
    const audit = auditFolder();
    await run({ ...audit, privateKey: audit.otherKey() }, 12);
    const { status, wrong } = await verify(audit);
    expect(status).toBe(3);
    expect(wrong[0]).toMatch(/^forged +audit.jsonl:1: the audit.start is signed with another key/);
    expect(wrong.at(-1)).toMatch(/^unsigned +no record is signed with a key that was given/);
  });

  it('MO-08 is found out who puts records of their own in front of the first one', async () => {
    const audit = auditFolder();
    await run(audit, 4);
    // A chain whose beginning was removed, as it seems: nothing that is signed was ever near it.
    rewrite(audit.path, (lines) => {
      const made = lines
        .slice(1, 4)
        .map((line) => rehashed(line, (body) => body.replace(/"id":"[\w-]{22}"/, `"id":"${'A'.repeat(22)}"`)));
      return [...rechained(made, 1), ...lines];
    });
    const { status, wrong } = await verify(audit);
    expect(wrong).toEqual([
      expect.stringMatching(/^unsigned +audit.jsonl:4: web-1 began with an empty file: chain A+ in front of it/),
      expect.stringMatching(/^missing +audit.jsonl:1: records 0 to 0 of chain A+ are not there/),
    ]);
    expect(status).toBe(3);
  });

  it('MO-08 says where a process has signed records that it found, and nobody had signed before', async () => {
    const audit = auditFolder();
    await run(audit, 4);
    // In place of all that there was, while no process ran: a chain whose beginning is gone.
    rewrite(audit.path, (lines) =>
      lines
        .slice(1, 4)
        .map((line, at) => rehashed(line, (body) => (at === 0 ? body.replace('sys_shutdown', 'x') : body))),
    );
    rewrite(audit.path, (lines) => rechained(lines, 1));
    await run(audit, 2, { from: START + 60_000 });
    const { text } = await verify(audit);
    expect(text).toMatch(/note {2}chain [\w-]{22} has no signed record: the process after it has signed what it found/);
    expect((await verify(audit, audit.files(), '--complete')).wrong).toEqual([expect.stringMatching(/^missing/)]);
  });

  it('MO-08 cuts off the end unseen up to a signed record, and no further where the age or the last run is known', async () => {
    const audit = auditFolder();
    const heads = audit.at('heads.json');
    await run(audit, 20, { from: Date.now() - 30_000 });
    expect(await verify(audit, audit.files(), '--remember', heads, '--max-age', '60')).toMatchObject({ status: 0 });
    const old = readFileSync(audit.path);
    await run(audit, 20, { from: Date.now() - 5000, crashes: true });
    expect(await verify(audit, audit.files(), '--remember', heads)).toMatchObject({ status: 0 });
    // An old copy of the file is as consistent as it was.
    writeFileSync(audit.path, old);
    expect(await verify(audit)).toMatchObject({ status: 0 });
    expect((await verify(audit, audit.files(), '--max-age', '2')).wrong).toEqual([expect.stringMatching(/^old/)]);
    expect((await verify(audit, audit.files(), '--remember', heads)).wrong).toEqual([
      expect.stringMatching(/^cut-off +chain [\w-]{22} was there when the trail was verified last, and is gone/),
    ]);
    rewrite(audit.path, (lines) => lines.slice(0, 7));
    const cut = await verify(audit, audit.files(), '--remember', heads);
    expect(cut.wrong).toContainEqual(expect.stringMatching(/^cut-off +chain .* had records up to 24 .* ends at 6/));
    // Nothing is remembered of a trail that something is wrong with.
    expect(readFileSync(heads, 'utf8').match(/"id"/g)).toHaveLength(2);
  });

  it('MO-08 is found out who edits an end that nothing vouches for, where the last run has seen it', async () => {
    const audit = auditFolder();
    const heads = audit.at('heads.json');
    await run(audit, 8, { crashes: true });
    expect(await verify(audit, audit.files(), '--remember', heads)).toMatchObject({ status: 0 });
    rewrite(audit.path, (lines) =>
      lines.with(
        9,
        rehashed(lines[9] ?? '', (body) => body.replace('sys_shutdown', 'x')),
      ),
    );
    expect(await verify(audit)).toMatchObject({ status: 0 });
    expect((await verify(audit, audit.files(), '--remember', heads)).wrong).toEqual([
      expect.stringMatching(/^replaced +audit.jsonl:10: another record stood here when the trail was verified last/),
    ]);
  });

  it('MO-08 is found out who takes out the records that are signed after a while, and chains the others again', async () => {
    const audit = auditFolder();
    await run(audit, 12, { chain: { privateKey: audit.privateKey, anchorEveryRecords: 1000, anchorEveryMs: 5000 } });
    expect(await verify(audit)).toMatchObject({ status: 0, wrong: [] });
    rewrite(audit.path, (lines) => {
      const events = lines.filter((line, index) => index === 0 || !line.includes('"audit.'));
      return rechained(
        events.map((line, seq) => rehashed(line, (body) => body.replace(/"seq":\d+/, `"seq":${seq}`))),
        1,
      );
    });
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^unsigned +audit.jsonl:7: a signed record should stand between record 0/),
    ]);
  });

  it('MO-08 takes nobody’s word for the records in front of a start, or for an end, that is not the one that was signed', async () => {
    const audit = auditFolder();
    await run(audit, 8, { crashes: true });
    await run(audit, 1, { from: START + 60_000 });
    const whole = linesOf(audit.path);
    rewrite(audit.path, (lines) =>
      lines.with(
        10,
        rehashed(lines[10] ?? '', (body) => body.replace(/,"signature":"[\w-]+"$/, '')),
      ),
    );
    const forged = await verify(audit);
    expect(forged.wrong[0]).toMatch(/^forged +audit.jsonl:11: the audit.start is not signed/);
    expect(forged.text).toContain('records 0 to 9, 3 of them after the last signature');
    writeFileSync(audit.path, `${whole.with(-1, (whole.at(-1) ?? '').replace(/.{5}"\}$/, 'AAAAA"}')).join('\n')}\n`);
    const edited = await verify(audit);
    expect(edited.wrong).toEqual([expect.stringMatching(/^edited +audit.jsonl:13:/)]);
    expect(edited.text).not.toContain('closed;');
  });

  it('MO-08 is found out who removes everything, or the end of a trail whose beginning FileSink has removed', async () => {
    const audit = auditFolder();
    const heads = audit.at('heads.json');
    const few = { maxFileBytes: 4096, maxFiles: 3 };
    await run(audit, 60, few);
    await run(audit, 3, { ...few, from: START + 100_000 });
    const remembered = async () => verify(audit, audit.files(), '--remember', heads);
    expect(await remembered()).toMatchObject({ status: 0 });
    const gone = (chains: number) =>
      Array<unknown>(chains).fill(expect.stringMatching(/^cut-off +chain .* was there .* and is gone/));
    rewrite(audit.path, (lines) => lines.slice(0, -5));
    expect((await remembered()).wrong).toEqual([expect.stringMatching(/^cut-off +chain .* when it was verified last/)]);
    for (const file of audit.files()) unlinkSync(file);
    await run(audit, 3, { from: START + 200_000 });
    expect(await verify(audit)).toMatchObject({ status: 0 });
    expect((await remembered()).wrong).toEqual(gone(2));
  });

  it('MO-08 is found out who breaks a record in front of a start, and takes it away once the start says so', async () => {
    const audit = auditFolder();
    await run(audit, 8, { crashes: true });
    rewrite(audit.path, (lines) => lines.with(9, (lines[9] ?? '').replace('sys_shutdown', 'x')));
    await run(audit, 1, { from: START + 60_000 });
    rewrite(audit.path, (lines) => lines.toSpliced(7, 3));
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^gap +audit.jsonl:8: web-1 started, and could not read the record in front of it/),
      // What was readable in front of it is vouched for all the same.
      expect.stringMatching(/^cut-off +audit.jsonl:8: it goes on from record 8 of chain .*: records 7 to 8 are not/),
    ]);
  });

  it('MO-08 is found out who writes a line in front of a start that knows of none, or a chain in front of all', async () => {
    const audit = auditFolder();
    await run(audit, 3);
    await run(audit, 3, { from: START + 60_000 });
    const whole = linesOf(audit.path);
    const second = whole.findIndex((line, index) => index > 0 && line.includes('audit.start'));
    rewrite(audit.path, (lines) => lines.toSpliced(second, 0, '{"type":"ws.drain.st'));
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^unreadable +audit.jsonl:6: the line is not a record/),
    ]);
    const own = rehashed(whole[1] ?? '', (body) =>
      body.replace(/"chain":\{"id":"[\w-]{22}","seq":1/, `"chain":{"id":"${'x'.repeat(22)}","seq":0`),
    );
    writeFileSync(audit.path, `${[own, ...whole].join('\n')}\n`);
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^unreadable +audit.jsonl:1: an audit.start is record 0 of its chain, and no other one is/),
      expect.stringMatching(/^unsigned +audit.jsonl:2: web-1 began with an empty file/),
    ]);
  });

  it('MO-08 is not misled by what FileSink itself removes', async () => {
    const audit = auditFolder();
    const heads = audit.at('heads.json');
    await run(audit, 40, { maxFileBytes: 4096, maxFiles: 3 });
    expect(await verify(audit, audit.files(), '--remember', heads)).toMatchObject({ status: 0 });
    await run(audit, 80, { from: START + 100_000, maxFileBytes: 4096, maxFiles: 3 });
    const { status, wrong, text } = await verify(audit, audit.files(), '--remember', heads);
    expect(wrong).toEqual([]);
    expect(status).toBe(0);
    expect(audit.files()).toHaveLength(3);
    expect(text).toContain('older files were removed, or not given');
  });
});
