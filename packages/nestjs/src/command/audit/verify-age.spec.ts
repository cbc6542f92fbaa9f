import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, rewrite } from '../../../../../test/support/audit-folder.js';
import { run, verify } from '../../../../../test/support/audit-run.js';

const HOUR = 3_600_000;
const ago = (ms: number) => ({ from: Date.now() - ms });

describe('secure-ws audit verify --max-age', () => {
  const aged = (audit: AuditFolder, files = audit.files()) => verify(audit, files, '--max-age', '120');

  /** A trail of another process, with the key of the first one. */
  const other = (audit: AuditFolder, name: string): AuditFolder => ({ ...audit, path: audit.at(name) });

  it('MO-08 is not kept content with a process that is silent by another one that writes', async () => {
    const audit = auditFolder();
    const web2 = other(audit, 'web-2.jsonl');
    await run(audit, 3, ago(5 * HOUR));
    await run(web2, 3, { ...ago(5000), chain: { privateKey: audit.privateKey, node: 'web-2' } });
    for (const files of [
      [audit.path, web2.path],
      [web2.path, audit.path],
    ]) {
      expect((await aged(audit, files)).wrong).toEqual([
        expect.stringMatching(/^old +the last signed record of web-1 is of .*: the end was cut off, or nobody writes/),
      ]);
    }
    await run(audit, 3, { ...ago(5000), rotateDaily: false });
    expect(await aged(audit, [audit.path, web2.path])).toMatchObject({ status: 0, wrong: [] });
  });

  it('MO-08 names the node where the beginning of its chain is gone: each signed record says it', async () => {
    const audit = auditFolder();
    await run(audit, 20, ago(5 * HOUR));
    rewrite(audit.path, (lines) => lines.slice(4));
    const web2 = other(audit, 'web-2.jsonl');
    await run(web2, 3, { ...ago(5000), chain: { privateKey: audit.privateKey, node: 'web-2' } });
    expect((await aged(audit, [audit.path, web2.path])).wrong).toEqual([
      expect.stringMatching(/^old +the last signed record of web-1 is of /),
    ]);
  });

  it('MO-08 asks no chain that another one goes on from, and of one node the last trail alone', async () => {
    const audit = auditFolder();
    await run(audit, 3, { ...ago(5 * HOUR), crashes: true, chain: { privateKey: audit.privateKey, node: 'pod-1' } });
    await run(audit, 3, { ...ago(5000), rotateDaily: false, chain: { privateKey: audit.privateKey, node: 'pod-2' } });
    expect(await aged(audit)).toMatchObject({ status: 0, wrong: [] });
    const later = other(audit, 'later.jsonl');
    await run(later, 3, { ...ago(5 * HOUR), chain: { privateKey: audit.privateKey, node: 'pod-2' } });
    expect((await aged(audit, [audit.path, later.path])).wrong).toHaveLength(1);
    expect((await aged(audit, [later.path, audit.path])).wrong).toEqual([]);
  });

  it('MO-08 counts no signature that is further ahead than the age: a clock that was wrong once hides no silence', async () => {
    const audit = auditFolder();
    await run(audit, 3, { from: Date.now() + 400 * 24 * HOUR });
    const ahead =
      /^old +no record of web-1 is signed within the time .* the last one is of \d{4}-.* ahead of the clock here/;
    expect((await aged(audit)).wrong).toEqual([expect.stringMatching(ahead)]);
    await run(audit, 3, { ...ago(5 * HOUR), rotateDaily: false });
    expect((await aged(audit)).wrong).toEqual([expect.stringMatching(/^old +the last signed record of web-1 is of /)]);
    await run(audit, 3, { ...ago(5000), rotateDaily: false });
    expect(await aged(audit)).toMatchObject({ status: 0, wrong: [] });
    // So far the clocks of two machines may differ.
    await run(audit, 1, { from: Date.now() + 60_000, rotateDaily: false });
    expect(await aged(audit)).toMatchObject({ status: 0, wrong: [] });
  });
});
