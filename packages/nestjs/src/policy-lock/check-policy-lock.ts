import { basename } from 'node:path';
import type { BootProblems } from '../core/boot-problems.js';
import { compareLock } from './compare-lock.js';
import { describePolicy, type PolicySource } from './describe-policy.js';
import { writeCommand } from './lock-file.js';

/** So many changes say that the file is another application's. */
const MAX_SHOWN = 20;

/** Refuses the boot of an application that does something else than its policy lock says, or that has none. */
export function checkPolicyLock(source: PolicySource, problems: BootProblems): void {
  const { policyLock } = source.options;
  if (policyLock === undefined) return;
  const add = (problem: string): void => {
    problems.add('policyLock', problem, `${writeCommand(policyLock.path)} // and have the change reviewed`);
  };
  try {
    const drift = compareLock(policyLock.path, describePolicy(source));
    if (drift === undefined) return;
    const shown = drift.changes.slice(0, MAX_SHOWN).map(({ kind, text }) => `\n      ${kind}: ${text}`);
    const more = drift.changes.length - shown.length;
    const rest = more > 0 ? `\n      and ${more} more` : '';
    add(`the application does not do what ${basename(policyLock.path)} says.${shown.join('')}${rest}`);
  } catch (error) {
    add(error instanceof Error ? error.message : 'the policy cannot be compared with its lock.');
  }
}
