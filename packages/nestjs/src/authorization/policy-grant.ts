import { areAlikeFilters } from './alike-filters.js';
import { Grant, type WsPolicyType } from './ws-policy.js';

/** A grant together with the policy that gave it. */
export class PolicyGrant extends Grant {
  constructor(
    readonly policy: WsPolicyType,
    resource: unknown,
    rows: object | undefined,
  ) {
    super(resource, rows);
  }
}

/**
 * Whether a second judgement has granted the same as the first: by the same policies, and under the same row filters. A
 * handler that works on goes by what it was given, so that nothing narrower may take its place. Of the objects themselves
 * nothing is compared: the same payload names the same ones, and each judgement loads them once more.
 */
export function isGrantedAlike(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && before.every((grant, index) => isAlike(grant, after[index]));
}

function isAlike(before: unknown, after: unknown): boolean {
  if (!(before instanceof PolicyGrant) || !(after instanceof PolicyGrant)) return false;
  return before.policy === after.policy && areAlikeFilters(before.rows, after.rows);
}
