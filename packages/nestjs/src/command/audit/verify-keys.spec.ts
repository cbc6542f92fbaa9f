import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, rewrite } from '../../../../../test/support/audit-folder.js';
import { run, START, verify } from '../../../../../test/support/audit-run.js';

const MINUTE = 60_000;

describe('secure-ws audit verify: a key that was changed', () => {
  /** A trail that an old key has signed, and then the new one. */
  async function changed(): Promise<{
    readonly audit: AuditFolder;
    readonly old: AuditFolder;
    readonly keys: string[];
  }> {
    const audit = auditFolder();
    const old = { ...audit, privateKey: audit.otherKey() };
    writeFileSync(audit.at('old.pem'), createPublicKey(old.privateKey).export({ format: 'pem', type: 'spki' }));
    await run(old, 3);
    await run(audit, 3, { from: START + MINUTE });
    return { audit, old, keys: ['--public-key', audit.at('old.pem')] };
  }

  it('MO-08 is as it was written with the new key first, and not the other way round', async () => {
    const { audit, keys } = await changed();
    expect(await verify(audit, audit.files(), ...keys, '--complete')).toMatchObject({ status: 0, wrong: [] });
    const { status, wrong } = await verify({ ...audit, publicKey: audit.at('old.pem') }, audit.files(), '--public-key', audit.publicKey); // prettier-ignore
    expect(wrong).toEqual([
      expect.stringMatching(
        /^retired +audit.jsonl:\d+: web-1 started with an older key, behind records of a newer one/,
      ),
      expect.stringMatching(/^retired +audit.jsonl:\d+: the last signed record of web-1 is signed with an older key/),
    ]);
    expect(status).toBe(3);
  });

  it('MO-08 is found out who has the old key, and replaces what the new one has signed', async () => {
    const { audit, old, keys } = await changed();
    rewrite(audit.path, (lines) =>
      lines.slice(
        0,
        lines.findLastIndex((line) => line.includes('audit.start')),
      ),
    );
    await run(old, 3, { from: START + 2 * MINUTE });
    const { status, wrong } = await verify(audit, audit.files(), ...keys);
    expect(wrong).toEqual([expect.stringMatching(/^retired +audit.jsonl:\d+: the last signed record of web-1/)]);
    expect(status).toBe(3);
  });

  it('MO-08 is found out who puts a process with the old key in between', async () => {
    const { audit, old, keys } = await changed();
    await run(old, 3, { from: START + 2 * MINUTE });
    await run(audit, 3, { from: START + 3 * MINUTE });
    expect((await verify(audit, audit.files(), ...keys)).wrong).toEqual([
      expect.stringMatching(
        /^retired +audit.jsonl:\d+: web-1 started with an older key, behind records of a newer one/,
      ),
    ]);
  });
});
