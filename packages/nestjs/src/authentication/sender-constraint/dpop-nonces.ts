import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock.js';

/** Keeps the HMACs of these nonces apart from whatever else the same secret signs. */
const PURPOSE = 'secure-ws dpop nonce v1';

/** Makes and checks the nonces of proofs. Nothing is stored: a nonce is the HMAC of the time that it is good for. */
export class DpopNonces {
  constructor(
    private readonly options: { readonly keys: readonly KeyObject[]; readonly maxAgeMs: number },
    private readonly clock: Clock,
  ) {}

  /** The nonce of now. */
  current(): string {
    const [key] = this.options.keys;
    return key === undefined ? '' : nonceOf(key, this.#period());
  }

  /** Whether a proof has the nonce of now, or the one before. Compares in constant time. */
  isValid(nonce: unknown): boolean {
    if (typeof nonce !== 'string') return false;
    const given = Buffer.from(nonce);
    const period = this.#period();
    return this.options.keys.some((key) =>
      [period, period - 1].some((each) => {
        const expected = Buffer.from(nonceOf(key, each));
        return given.length === expected.length && timingSafeEqual(given, expected);
      }),
    );
  }

  #period(): number {
    return Math.floor(this.clock.now() / this.options.maxAgeMs);
  }
}

function nonceOf(key: KeyObject, period: number): string {
  return createHmac('sha256', key).update(`${PURPOSE} ${period}`).digest('base64url');
}
