import { spawn } from 'node:child_process';
import { once } from 'node:events';

const MAX_MS = 30_000;

/**
 * Runs a command of the user, by the shell, and waits for its end. What it prints goes nowhere: it may be a credential.
 *
 * @throws Error where it fails, or takes longer than thirty seconds.
 */
export async function runHook(option: string, command: string): Promise<void> {
  const child = spawn(command, { shell: true, stdio: 'ignore', timeout: MAX_MS, killSignal: 'SIGKILL' });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return;
  throw new Error(`The command of ${option} ended with ${signal ?? `status ${code}`}.`);
}
