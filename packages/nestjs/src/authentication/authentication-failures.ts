/** What follows from a failed authentication, beside its refusal. */
interface FailureRow {
  /**
   * What it costs the address of its client (AN-10). A guess weighs 1. What an honest client does in a loop when its log-in
   * ended or a key was rotated out, what others can do to it (a sibling domain plants a second cookie), and what guesses
   * nothing, weighs little; what the client cannot help weighs nothing.
   */
  readonly weight: number;
  /**
   * Whether it says nothing against the credential, only of who sent it and with what, or that nobody knows: whoever stole
   * it must not have its owner refused who is behind the same address.
   */
  readonly isOfSender?: true;
}

const GUESS: FailureRow = { weight: 1 };
const NO_GUESS: FailureRow = { weight: 0.25 };

/** Why a credential was refused, and what follows from it. docs/guide/events.md explains each word to an operator. */
export const AUTHENTICATION_FAILURES = {
  missing: NO_GUESS,
  ambiguous: NO_GUESS,
  malformed: GUESS,
  'unsupported-scheme': GUESS,
  'too-large': GUESS,
  'bad-header': GUESS,
  'unknown-key': NO_GUESS,
  'bad-secret': GUESS,
  revoked: NO_GUESS,
  'ended-session': NO_GUESS,
  spent: NO_GUESS,
  'bad-origin': { weight: 1, isOfSender: true },
  'bad-address': { weight: 0.25, isOfSender: true },
  'bad-algorithm': GUESS,
  'bad-type': GUESS,
  'bad-signature': GUESS,
  'bad-claims': GUESS,
  'bad-mapping': { weight: 0 },
  'bad-issuer': GUESS,
  'bad-audience': GUESS,
  'bad-subject': GUESS,
  'bad-certificate': { weight: 1, isOfSender: true },
  'not-yet-valid': NO_GUESS,
  inactive: NO_GUESS,
  expired: NO_GUESS,
  'missing-proof': { weight: 1, isOfSender: true },
  'bad-proof': { weight: 1, isOfSender: true },
  replayed: { weight: 1, isOfSender: true },
  // All else was right: the client holds the key of its token.
  'missing-nonce': { weight: 0, isOfSender: true },
  // Of a notice: it was not judged.
  'too-many-refused': { weight: 0, isOfSender: true },
  unavailable: { weight: 0, isOfSender: true },
} as const satisfies Readonly<Record<string, FailureRow>>;

/**
 * Why a credential was refused. Audited, never sent: the client gets the same answer for all of them (OWASP ASVS 5.0
 * 6.3.8).
 */
export type AuthenticationFailure = keyof typeof AUTHENTICATION_FAILURES;

/** The row of a failure; an authenticator in JavaScript may name one that there is not, which counts as a guess. */
export function failureRow(failure: AuthenticationFailure): FailureRow {
  return Object.hasOwn(AUTHENTICATION_FAILURES, failure) ? AUTHENTICATION_FAILURES[failure] : GUESS;
}
