import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runHook } from './run-hook.js';

describe('runHook', () => {
  it('waits for a command, and says how it failed', async () => {
    await expect(runHook('--logout-command', 'exit 0')).resolves.toBeUndefined();
    await expect(runHook('--logout-command', 'exit 3')).rejects.toThrow(
      'The command of --logout-command ended with status 3.',
    );
    await expect(runHook('--logout-command', 'kill -9 $$')).rejects.toThrow('ended with SIGKILL');
  });

  it('ends what a command has started, where it takes too long', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hook-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // It ends when nobody holds its other end any more.
    const ended = once(createReadStream(pipe).resume(), 'end');
    await expect(runHook('--logout-command', `sleep 600 > '${pipe}' & wait`, 2000)).rejects.toThrow(
      'took longer than 2 s, and was ended',
    );
    await ended;
  });
});
