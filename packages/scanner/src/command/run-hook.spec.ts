import { describe, expect, it } from 'vitest';
import { runHook } from './run-hook.js';

describe('runHook', () => {
  it('waits for a command, and says how it failed', async () => {
    await expect(runHook('--logout-command', 'exit 0')).resolves.toBeUndefined();
    await expect(runHook('--logout-command', 'exit 3')).rejects.toThrow(
      'The command of --logout-command ended with status 3.',
    );
    await expect(runHook('--logout-command', 'kill -9 $$')).rejects.toThrow('ended with SIGKILL');
  });
});
