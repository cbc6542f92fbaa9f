import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type AuditFolder, auditFolder, linesOf } from '../support/audit-folder.js';
import { verify } from '../support/audit-run.js';

const DIST = JSON.stringify(new URL('../../packages/nestjs/dist/index.js', import.meta.url).href);

const EVENTS = 120;

/** A process that writes events one by one, into files of a few of them each. */
const WRITER = `
  import { FileSink, SystemClock } from ${DIST};
  const [path, privateKey, node, maxFiles] = process.argv.slice(1);
  const sink = new FileSink({ path, maxFileBytes: 4096, maxFiles: Number(maxFiles), chain: { privateKey, node } });
  await sink.open(new SystemClock());
  for (let connections = 0; connections < ${EVENTS}; connections++) {
    await sink.write({ type: 'ws.drain.started', owasp: 'sys_shutdown', connections, time: new Date().toISOString() });
  }
  await sink.close();
`;

/** @throws Error for an event that did not arrive. */
const write = ({ path, privateKey }: AuditFolder, node: string, maxFiles: number): Promise<unknown> => {
  const args = ['--input-type=module', '-e', WRITER, path, privateKey, node, String(maxFiles)];
  return promisify(execFile)(process.execPath, args);
};

describe('an audit file that several processes write to, as those of a cluster do', () => {
  it('MO-08 MO-09 loses nothing where they put it away at one moment, and accuses nobody', async () => {
    for (let round = 0; round < 2; round++) {
      const audit = auditFolder();
      await Promise.all(['web-1', 'web-2', 'web-3'].map((node) => write(audit, node, 10_000)));
      const files = audit.files();
      expect(files.length).toBeGreaterThan(5);
      const events = files.flatMap(linesOf).filter((line) => line.includes('"ws.drain.started"'));
      expect(events).toHaveLength(3 * EVENTS);
      expect(await verify(audit, files, '--complete')).toMatchObject({ status: 0, wrong: [] });
    }
  }, 60_000);

  it.each([
    ['names of their own', ['web-1', 'web-2', 'web-3']],
    ['one name', ['web', 'web', 'web']],
  ])(
    'MO-08 MO-09 is as it was written where the oldest files of all are removed: %s',
    async (_, nodes) => {
      const audit = auditFolder();
      for (let round = 0; round < 2; round++) {
        await Promise.all(nodes.map((node) => write(audit, node, 3)));
        const files = audit.files();
        expect(files.length).toBeLessThanOrEqual(3);
        const { status, wrong, text } = await verify(audit, files);
        expect({ status, wrong }).toEqual({ status: 0, wrong: [] });
        expect(text).toContain('older files were removed, or not given');
        expect((await verify(audit, files, '--complete')).wrong).toEqual([expect.stringMatching(/do not go back/)]);
      }
    },
    60_000,
  );
});
