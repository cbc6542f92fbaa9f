import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const MAX_MS = 30_000;

/**
 * Runs a command of the user, by the shell, and waits for its end. What it prints goes nowhere: it may be a credential.
 *
 * @param maxMs how long it may take.
 * @throws Error where it fails, or takes too long: then whatever it has started is ended as well.
 */
export async function runHook(option: string, command: string, maxMs = MAX_MS): Promise<void> {
  // In a group of its own: a shell that is killed leaves what it has started behind.
  const child = spawn(command, { shell: true, stdio: 'ignore', detached: process.platform !== 'win32' });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, maxMs);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (isLate) throw new Error(`The command of ${option} took longer than ${maxMs / 1000} s, and was ended.`);
    if (code !== 0) throw new Error(`The command of ${option} ended with ${signal ?? `status ${code}`}.`);
  } finally {
    clearTimeout(timer);
  }
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === 'win32') {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
