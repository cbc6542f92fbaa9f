import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { FileSink } from '@secure-ws/nestjs';
import { describe, expect, it, vi } from 'vitest';
import { type AuditFolder, auditFolder, linesOf } from '../support/audit-folder.js';
import { verify } from '../support/audit-run.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const start = ({ path, privateKey }: AuditFolder): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway],
    options: {
      events: { sinks: [new FileSink({ path, chain: { privateKey, node: 'web-1', anchorEveryRecords: 3 } })] },
    },
  });

/** Connects once, and waits for the record of its end. */
async function comeAndGo(app: RunningApp, { path }: AuditFolder): Promise<void> {
  const ended = (): number => readFileSync(path, 'utf8').split('ws.connection.closed').length;
  const before = ended();
  expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  await until(() => ended() > before, 'it has gone');
}

/** Puts other bytes into the file, in place. */
const put = (path: string, lines: readonly string[]): void =>
  writeFileSync(path, lines.map((line) => `${line}\n`).join('')); // prettier-ignore

describe('an audit file that somebody without the key makes shorter while the application writes to it', () => {
  it.each<readonly [what: string, shorten: (path: string) => void]>([
    ['empties it', (path) => truncateSync(path, 0)],
    ['takes the beginning away', (path) => put(path, linesOf(path).slice(4))],
    ['takes the end away', (path) => put(path, linesOf(path).slice(0, 4))],
    ['cuts a record through', (path) => truncateSync(path, readFileSync(path).length - 20)],
  ])('MO-08 MO-10 is told by the process and found by each verification: who %s', async (_, shorten) => {
    const lines: string[] = [];
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
    const audit = auditFolder();
    const app = await start(audit);
    const verified = () => verify(audit, audit.files(), '--remember', audit.at('heads.json'), '--max-age', '120');
    for (let i = 0; i < 3; i++) await comeAndGo(app, audit);
    expect(await verified()).toMatchObject({ status: 0, wrong: [] });
    const heads = readFileSync(audit.at('heads.json'), 'utf8');
    for (let times = 1; times <= 2; times++) {
      shorten(audit.path);
      for (let i = 0; i < 3; i++) await comeAndGo(app, audit);
      const said = lines.filter((line) => line.includes('shorter'));
      expect(said).toHaveLength(times);
      expect(JSON.parse(said[0] ?? '')).toEqual({
        where: 'FileSink',
        path: audit.path,
        trouble: 'the file is shorter than this process left it: somebody has removed records',
      });
      // Once more, of the same file: nothing is excused because it was told.
      for (let runs = 0; runs < 2; runs++) {
        const { status, wrong } = await verified();
        expect(status).toBe(3);
        expect(wrong).toContainEqual(
          expect.stringMatching(/^cut-off +audit.jsonl:\d+: web-1 found the file shorter than it had left it/),
        );
      }
    }
    await app.app.close();
    warn.mockRestore();
    const { wrong } = await verify(audit);
    expect(wrong.filter((line) => line.includes('shorter than it had left it')).length).toBeGreaterThan(0);
    expect(readFileSync(audit.at('heads.json'), 'utf8')).toBe(heads);
  });
});
