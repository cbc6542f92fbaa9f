import type { ValidationIssue } from '@secure-ws/protocol';

/** How many issues a refusal lists. With this many, the rest of a payload is not looked at. */
export const MAX_ISSUES = 5;

export interface PayloadCheck {
  /**
   * Checks a decoded payload.
   *
   * @returns what the handler gets (for a class, a new instance of it), or a {@link PayloadRefusal}; as a promise only
   * where a validator is asynchronous.
   * @throws what an asynchronous validator rejects with, or a schema throws: neither says anything of the payload, which
   * is refused all the same. A validator, accessor or constructor of a DTO that throws at once has refused the payload.
   */
  check(sent: unknown): unknown;
}

export interface CompileOptions {
  /**
   * Whether issues carry class-validator's messages, which quote values and names that the client sent.
   *
   * @default false
   */
  readonly detailedErrors?: boolean;
}

/** A payload that was refused. Recognised by `instanceof`; a payload that passed is handed on as it is, unwrapped. */
export class PayloadRefusal {
  constructor(
    /** At most {@link MAX_ISSUES}, never empty. Neither values nor names that the client made up. */
    readonly issues: readonly ValidationIssue[],
    /** What a validator or a transformation threw, if one did: for the operator's log, never for the client. */
    readonly cause?: unknown,
  ) {}
}
