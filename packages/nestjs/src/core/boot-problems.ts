/** One thing that stops the boot. */
export interface BootProblem {
  /** Where it lies: an option's path (`handshake.origins`) or a handler (`OrdersGateway.place`). */
  readonly where: string;
  /** A sentence that says what is wrong. */
  readonly problem: string;
  /** The line of code that closes it. */
  readonly fix: string;
}

/** One option in use that weakens the module; audited and logged once at boot. */
export interface BootWarning {
  readonly where: string;
  readonly warning: string;
}

/** Collects every problem of a boot, so that one error can list them all. */
export class BootProblems {
  readonly problems: BootProblem[] = [];
  readonly warnings: BootWarning[] = [];

  /** Adds a problem: where, what is wrong, and the line that closes it. */
  add(where: string, problem: string, fix: string): void {
    this.problems.push({ where, problem, fix });
  }

  /** Adds a warning. */
  warn(where: string, warning: string): void {
    this.warnings.push({ where, warning });
  }
}

/** Thrown at boot with every open decision and every bad option, each with the line of code that closes it. */
export class SecureWsBootError extends Error {
  override readonly name = 'SecureWsBootError';

  constructor(
    readonly problems: readonly BootProblem[],
    options?: ErrorOptions,
  ) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    const list = problems.map(({ where, problem, fix }) => `  - ${where}: ${problem}\n      ${fix}`);
    super(`SecureWs does not start: ${count}.\n${list.join('\n')}`, options);
  }
}

/**
 * What an optional peer that is not installed stops the boot with.
 *
 * @param where what needs it: the path of an option, or a class.
 * @param major the version that works.
 */
export function missingPackage(where: string, name: string, major: number, cause: unknown): SecureWsBootError {
  const problem = `needs the package ${name}, which cannot be loaded.`;
  return new SecureWsBootError([{ where, problem, fix: `npm install ${name}@${major}` }], { cause });
}
