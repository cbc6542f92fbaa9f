/** The timeouts of what decides about identities. */
interface DecisionTimeouts {
  readonly handshake: { readonly timeoutMs: number };
  readonly authorization: { readonly policyTimeoutMs: number };
}

/** How much later than its timeout a decision may end, in milliseconds: the timer of a busy process is late. */
const MARGIN_MS = 25_000;

/**
 * Longer than a handshake or a refresh takes from the answers of the store and the application to its end, in milliseconds:
 * for that long what was revoked or changed is held against those who come out of one.
 */
export function longestDecisionMs({ handshake, authorization }: DecisionTimeouts): number {
  return MARGIN_MS + Math.max(handshake.timeoutMs, authorization.policyTimeoutMs);
}
