import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const APP = fileURLToPath(new URL('..', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../packages/nestjs/dist/command/secure-ws.js', import.meta.url));

function policy(
  ...args: string[]
): Promise<{ readonly status: unknown; readonly out: string; readonly notes: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, 'policy', ...args], { cwd: APP }, (error, out, notes) => {
      resolve({ status: error?.code ?? 0, out, notes });
    });
  });
}

describe('the policy lock of the app', () => {
  it('says what the app does', { timeout: 60_000 }, async () => {
    // Where this fails: `npm run policy -- --write`, and look at what changed.
    expect(await policy('--check')).toMatchObject({ status: 0, out: '' });
  });
});
