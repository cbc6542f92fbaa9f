import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { auditFolder } from '../support/audit-folder.js';
import { run } from '../support/audit-run.js';

const commandAt = (path: string): string => fileURLToPath(new URL(`../../packages/${path}`, import.meta.url));
const SECURE_WS = commandAt('nestjs/dist/command/secure-ws.js');
const SCANNER = commandAt('scanner/dist/command/secure-ws-scan.js');

/** Runs a command whose reader is gone, as that of `| head` is, before it writes. */
async function withoutReader(command: string, args: readonly string[]): Promise<{ status: number; notes: string }> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let notes = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (notes += text));
  const [status] = (await once(child, 'close')) as [number];
  return { status, notes };
}

// Each test starts Node: no expectation, on a busy machine that takes a while.
describe('a command whose reader has gone', { timeout: 60_000 }, () => {
  it('DP-05 ends as any other filter: secure-ws audit export, verify, help', async () => {
    const audit = auditFolder();
    await run(audit, 50);
    const verify = ['audit', 'verify', audit.path, '--public-key', audit.publicKey];
    for (const args of [
      ['audit', 'export', audit.path, '--format', 'ocsf'],
      verify,
      ['--help'],
      ['policy', '--help'],
    ]) {
      expect(await withoutReader(SECURE_WS, args)).toEqual({ status: 141, notes: '' });
    }
  });

  it('DP-05 goes on to the end, as its reports and its status are wanted: secure-ws-scan', async () => {
    expect(await withoutReader(SCANNER, ['--help'])).toEqual({ status: 0, notes: '' });
    const closed = await withoutReader(SCANNER, ['ws://127.0.0.1:1/']);
    expect(closed.status).toBe(2);
    expect(closed.notes).not.toContain('EPIPE');
  });
});
