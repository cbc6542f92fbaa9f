import type { ScoreRule, SecureWsStore } from '../../store/secure-ws.store.js';
import type { RefusedNotice } from './read-notice.js';

/** What notices cost that are refused. Two minutes forgive everything. */
const FAILURES: ScoreRule = Object.freeze({ name: 'notice-failures', decayPerSecond: 100, max: 12_000 });

/** From which score on an address waits. */
const MAX_FAILURES = 6000;

/** What is made up, of which sixty are too many, or more than one in a second: its signature costs more than it does to make one up. */
const UNSIGNED = 100;

/**
 * What is refused though the server has signed it. A provider sends the notices of all its customers from a few addresses, and
 * each of them can have it send here whatever is refused: one for another audience, about somebody unknown, once more. That
 * keeps nobody's notices away, unless it is a flood: 6,000 at once, and 100 in a second after that.
 */
const SIGNED = 1;

/** Thrown where an address has sent too many tokens that were refused: answer `429`. */
export class TooManyRefusedError extends Error {
  override readonly name = 'TooManyRefusedError';
}

/** Has addresses wait that send notices which are refused, over and over (AN-10). */
export class NoticeLimits {
  constructor(
    private readonly store: SecureWsStore,
    /** Who sends one kind of notices too often may send the other. */
    private readonly kind: 'signals' | 'logouts',
  ) {}

  /** @throws {TooManyRefusedError} where an address has to wait. */
  async check(addressKey: string): Promise<void> {
    const score = await this.store.charge(`${this.kind}:${addressKey}`, 0, FAILURES);
    if (score >= MAX_FAILURES) throw new TooManyRefusedError();
  }

  /** Notes what was refused of an address. */
  async refused(addressKey: string, refused: RefusedNotice): Promise<void> {
    const weight = weightOf(refused);
    if (weight > 0) await this.store.charge(`${this.kind}:${addressKey}`, weight, FAILURES);
  }
}

function weightOf({ failure, isSigned }: RefusedNotice): number {
  // Nothing is verified of what names another issuer.
  if (failure === 'bad-issuer') return 0;
  // A request without a token is what a provider sends whom a customer gave this URL for something else.
  return isSigned || failure === 'missing' ? SIGNED : UNSIGNED;
}
