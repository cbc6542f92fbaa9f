import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, linesOf, rewrite } from '../../../../../test/support/audit-folder.js';
import { rehashed, run, START, type Verified, verify } from '../../../../../test/support/audit-run.js';
import { runCommand } from '../run-command.js';

describe('secure-ws audit verify: hostile files', () => {
  it.each<readonly [what: string, bytes: (audit: AuditFolder) => Buffer | string]>([
    ['nothing', () => ''],
    ['bytes of any kind', () => Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256))],
    ['one line without an end', () => 'x'.repeat(3_000_000)],
    ['a record that is too long', ({ path }) => `{"a":"${'x'.repeat(2_000_000)}${linesOf(path)[2] ?? ''}\n`],
    ['JSON that nests for ever', ({ path }) => rehashed(linesOf(path)[2] ?? '', (body) => `{"a":${'['.repeat(200_000)}${body}`)],
    ['a hundred thousand broken lines', () => '{"hash":1}\n'.repeat(100_000)],
    ['members that are something else', ({ path }) =>
      linesOf(path).map((line) => rehashed(line, (body) => body.replace(/"(time|anchorEvery)":("[^"]*"|\{[^}]*\})/g, '"$1":[]'))).join('\n')],
    ['a sequence beyond every number', ({ path }) => rehashed(linesOf(path)[2] ?? '', (body) => body.replace('"seq":2', '"seq":9999999999999999'))],
    ['control characters', ({ path }) => rehashed(linesOf(path)[0] ?? '', (body) => body.replace('web-1', '\\u001b[2J\\u2028web-1'))],
  ])('MO-07 MO-08 says that %s is wrong, in a bounded report without control characters', async (_, bytes) => {
    const audit = auditFolder();
    await run(audit, 3);
    writeFileSync(audit.path, bytes(audit));
    const { status, text } = await verify(audit);
    expect(status).toBe(3);
    expect(text.length).toBeLessThan(50_000);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
  }); // prettier-ignore

  it('MO-08 ends with more chains than there can be', async () => {
    const audit = auditFolder();
    await run(audit, 1);
    const [start = ''] = linesOf(audit.path);
    const id = (i: number): string => String(i).padStart(22, '0');
    const lines = Array.from({ length: 10_100 }, (_, i) =>
      rehashed(start, (body) =>
        body.replace(/,"signature":.*$/, '').replace(/"chain":\{"id":"[\w-]{22}/, `"chain":{"id":"${id(i)}`),
      ),
    );
    writeFileSync(audit.path, `${lines.join('\n')}\n`);
    const { status, text } = await verify(audit, audit.files(), '--json');
    expect(status).toBe(3);
    expect((JSON.parse(text) as { chains: unknown[] }).chains).toHaveLength(10_000);
  });

  it('MO-08 writes what it remembers to no file that somebody has put in its way', async () => {
    const audit = auditFolder();
    await run(audit, 3);
    writeFileSync(audit.at('precious'), 'of somebody else');
    // Before the first run, and where its file is.
    symlinkSync(audit.at('precious'), audit.at('heads.json.new'));
    for (let i = 0; i < 2; i++) {
      expect(await verify(audit, [audit.path], '--remember', audit.at('heads.json'))).toMatchObject({ status: 0 });
    }
    expect(readFileSync(audit.at('precious'), 'utf8')).toBe('of somebody else');
    expect(statSync(audit.at('heads.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(audit.folder).filter((name) => name.startsWith('heads'))).toEqual([
      'heads.json',
      'heads.json.new',
    ]);
  });

  it('MO-08 does not wait at a FIFO, nor read a device', async () => {
    const audit = auditFolder();
    await run(audit, 1);
    execFileSync('mkfifo', [audit.at('audit.fifo.jsonl')]);
    for (const path of [audit.at('audit.fifo.jsonl'), '/dev/zero', audit.folder, audit.at('missing.jsonl')]) {
      const { status, text } = await verify(audit, [path]);
      expect(status).toBe(2);
      expect(text).toContain('cannot be read');
    }
  });

  it('MO-08 takes an Ed25519 public key, and tells a private one from it', async () => {
    const audit = auditFolder();
    await run(audit, 1);
    writeFileSync(audit.at('private.pem'), audit.privateKey);
    writeFileSync(audit.at('other.pem'), 'no key');
    const with_ = async (name: string): Promise<Verified> =>
      verify({ ...audit, publicKey: audit.at(name) }, [audit.path]);
    expect((await with_('private.pem')).text).toContain('is a private key');
    expect((await with_('other.pem')).text).toContain('is not an Ed25519 public key');
    expect(await with_('missing.pem')).toMatchObject({ status: 2 });
    const none = await runCommand(['audit', 'verify', audit.path], { out: () => undefined, note: () => undefined });
    expect(none).toBe(2);
    // Of two keys each one counts: the key of before has signed what was written before.
    expect(await verify(audit, audit.files(), '--public-key', audit.publicKey)).toMatchObject({ status: 0 });
    unlinkSync(audit.path);
    renameSync(audit.at('other.pem'), audit.path);
    truncateSync(audit.path);
    expect(await verify(audit)).toMatchObject({ status: 3 });
  });

  it('MO-08 finds the last files gone behind which a process found nothing but a part of a record', async () => {
    const audit = auditFolder();
    await run(audit, 30, { maxFileBytes: 4096 });
    renameSync(audit.path, audit.at('audit.2026-11-27T23-00-00-000Z-0000-00000000.jsonl'));
    writeFileSync(audit.path, '{"type":"ws.op', { mode: 0o600 });
    await run(audit, 1, { from: START + 60_000, maxFileBytes: 4096 });
    expect(await verify(audit, audit.files(), '--complete')).toMatchObject({ status: 0, wrong: [] });
    const files = audit.files();
    expect((await verify(audit, files.toSpliced(-3, 2))).wrong).toEqual([expect.stringMatching(/^cut-off /)]);
  });

  it('MO-08 refuses what nobody signed in front of a start that found a part of a record, and notes what that vouches for', async () => {
    const audit = auditFolder();
    writeFileSync(audit.path, '{"type":"ws.op', { mode: 0o600 });
    await run(audit, 3, { rotateDaily: false });
    const other = auditFolder();
    await run({ ...other, privateKey: audit.privateKey }, 3);
    copyFileSync(other.path, audit.at('audit.2026-01-01T00-00-00-000Z-0000-00000000.jsonl'));
    const { status, text } = await verify(audit);
    expect(status).toBe(0);
    expect(text).toContain(
      'audit.jsonl:2: web-1 began a trail of its own: nothing vouches for the end of what is in front',
    );
    rewrite(audit.at('audit.2026-01-01T00-00-00-000Z-0000-00000000.jsonl'), (lines) => lines.slice(1, 3));
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^unsigned +audit.jsonl:2: web-1 found no file/),
      expect.stringMatching(/^missing +audit.2026.*: records 0 to 0 of chain [\w-]{22} are not there/),
    ]);
  });

  it('MO-08 is found out who hides the lost end of a chain by putting it behind the one that goes on from it', async () => {
    const audit = auditFolder();
    await run(audit, 12, { crashes: true });
    await run(audit, 3, { from: START + 60_000 });
    rewrite(audit.path, (lines) => {
      const second = lines.findIndex((line, index) => index > 0 && line.includes('audit.start'));
      return [lines[second] ?? '', ...lines.slice(0, 7)];
    });
    expect((await verify(audit)).wrong).toEqual([
      expect.stringMatching(/^reordered +audit.jsonl:2: chain [\w-]{22} stands behind the one that goes on from it/),
    ]);
  });
});
