import { hash, randomBytes } from 'node:crypto';
import type { WsCredential } from '../../authentication/authenticator.js';
import type { Clock } from '../../core/clock.js';

/** How many credentials of either kind are remembered in this process; the oldest is forgotten for one more. */
const MAX_REMEMBERED = 10_000;

/** How long a credential that was good counts as known at its address, in milliseconds. */
const GOOD_FOR_MS = 3_600_000;

/**
 * What came of the credentials of the last time, each at one address: so that an address in backoff still lets in who was
 * there before, and spends its verifications on nothing that has just failed. Kept as hashes with a key of this process,
 * which nobody can turn back into a credential or make for another one.
 */
export class RecentCredentials {
  readonly #key = randomBytes(32).toString('base64');
  readonly #good = new Map<string, number>();
  readonly #bad = new Map<string, number>();

  /** @param badForMs how long one that failed is not verified again at an address in backoff. */
  constructor(
    private readonly clock: Clock,
    private readonly badForMs: number,
  ) {}

  /** What stands for a credential at an address. */
  keyOf(addressKey: string, { scheme, value }: WsCredential): string {
    // JSON keeps the parts apart. The key comes first, and nothing of the hash is ever shown: no length extension.
    return hash('sha256', JSON.stringify([this.#key, addressKey, scheme, value]), 'base64');
  }

  /** Notes what a verification said. */
  note(key: string, isGood: boolean): void {
    const [to, from, forMs] = isGood ? [this.#good, this.#bad, GOOD_FOR_MS] : [this.#bad, this.#good, this.badForMs];
    from.delete(key);
    // Deleted first: a map keeps the order in which its keys came, so that the first one is the oldest.
    to.delete(key);
    to.set(key, this.clock.monotonic() + forMs);
    if (to.size <= MAX_REMEMBERED) return;
    for (const oldest of to.keys()) {
      to.delete(oldest);
      return;
    }
  }

  /** What is known of a credential; `undefined` for one that is new or was long ago. */
  find(key: string): 'good' | 'bad' | undefined {
    const now = this.clock.monotonic();
    if ((this.#good.get(key) ?? 0) > now) return 'good';
    return (this.#bad.get(key) ?? 0) > now ? 'bad' : undefined;
  }
}
