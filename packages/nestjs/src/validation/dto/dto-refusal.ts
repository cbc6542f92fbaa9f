import type { ValidationIssue } from '@secure-ws/protocol';

/** How many issues a refusal lists. With this many, the rest of a payload is not looked at. */
export const MAX_ISSUES = 5;

/** A payload that was refused. Recognised by `instanceof`; a payload that passed is handed on as it is, unwrapped. */
export class DtoRefusal {
  constructor(
    /** At most {@link MAX_ISSUES}, never empty. Neither values nor names that the client made up. */
    readonly issues: readonly ValidationIssue[],
    /** What a validator or a transformation threw, if one did: for the operator's log, never for the client. */
    readonly cause?: unknown,
  ) {}
}
