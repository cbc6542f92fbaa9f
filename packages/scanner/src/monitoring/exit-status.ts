import type { Severity } from '../checks/check.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { isAsBadAs } from '../score/grade.js';
import type { Comparison, EndpointChanges } from './compare-results.js';

/** Nothing as bad as was asked for. */
export const CLEAN = 0;
/** Something was found. */
export const FOUND = 1;
/** Too little could be tested, or the arguments are wrong. */
export const COULD_NOT_TEST = 2;

/** From where on a finding counts. */
export type FailOn = Severity | 'never';

/** The status of one scan: too little for a grade is too little for a green build. */
export function statusOfScan({ outcomes, grade }: ScanResult, failOn: FailOn): number {
  if (hasBad(outcomes, failOn)) return FOUND;
  return grade.letter === undefined ? COULD_NOT_TEST : CLEAN;
}

/** The status of a scan beside an earlier one: only what is new counts, and what could be tested before must be now. */
export function statusOfComparison({ fresh, lost, after }: Comparison, failOn: FailOn): number {
  if (hasBad(fresh, failOn)) return FOUND;
  return after.letter === undefined || lost.length > 0 ? COULD_NOT_TEST : CLEAN;
}

/**
 * The same for several endpoints: one that is new has been looked at by nobody, whatever its grade; and one that nobody has
 * scanned this time could not be tested.
 */
export function statusOfChanges({ added, gone, compared }: EndpointChanges, failOn: FailOn): number {
  const statuses = compared.map((one) => statusOfComparison(one, failOn));
  if (statuses.includes(FOUND) || (added.length > 0 && failOn !== 'never')) return FOUND;
  return gone.length > 0 || statuses.includes(COULD_NOT_TEST) ? COULD_NOT_TEST : CLEAN;
}

function hasBad(outcomes: readonly CheckOutcome[], failOn: FailOn): boolean {
  if (failOn === 'never') return false;
  return outcomes.some(({ outcome, severity }) => outcome === 'finding' && isAsBadAs(severity, failOn));
}
