import type { DoctorRule } from '../finding.js';

/** What the boot itself says. */
export const BOOT_RULES: readonly DoctorRule[] = [
  {
    id: 'boot-problem',
    severity: 'error',
    title: 'The application does not boot',
    why: 'A decision is open, or an option is wrong: SecureWs refuses to start with it.',
    check: ({ problems }) => problems.map(({ where, problem, fix }) => ({ place: where, problem, fix })),
  },
  {
    id: 'boot-warning',
    severity: 'warning',
    title: 'An option weakens the application, or does nothing',
    why: 'SecureWs starts with it, and says so once in the log, where nobody reads it in time.',
    check: ({ warnings }) =>
      warnings.map(({ where, warning }) => ({
        place: where,
        problem: warning,
        fix: `take ${where} back, or write beside it why it must be; docs/guide/options.md says what it does`,
      })),
  },
];
