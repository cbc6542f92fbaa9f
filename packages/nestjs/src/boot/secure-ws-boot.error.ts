import type { BootProblem } from '../internal/boot-problems.js';

/** Thrown at boot with every open decision and every bad option, each with the line of code that closes it. */
export class SecureWsBootError extends Error {
  override readonly name = 'SecureWsBootError';

  constructor(readonly problems: readonly BootProblem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    const list = problems.map(({ where, problem, fix }) => `  - ${where}: ${problem}\n      ${fix}`);
    super(`SecureWs does not start: ${count}.\n${list.join('\n')}`);
  }
}
