import type { Revocation } from './secure-ws.store.js';

/** How many revocations are told at once. */
const AT_ONCE = 500;

/** How many wait for a shared store that is away. */
const MAX_UNTOLD = 100_000;

/** Revocations that a shared store has still to be told, in the order in which it must hear of them. */
export class UntoldRevocations {
  readonly #waiting = new Map<string, Revocation>();

  get size(): number {
    return this.#waiting.size;
  }

  get isFull(): boolean {
    return this.#waiting.size >= MAX_UNTOLD;
  }

  /** The next ones. */
  get batch(): readonly Revocation[] {
    return [...this.#waiting.values()].slice(0, AT_ONCE);
  }

  /** A weaker revocation must not take the place of one that the shared store has not heard of. @returns what is to be told. */
  add(revocation: Revocation): Revocation {
    const { key, issuedBefore, ttlMs } = revocation;
    const known = this.#waiting.get(key);
    const isTakenBack = issuedBefore === 0;
    if (isTakenBack) this.#waiting.delete(key);
    const kept =
      known === undefined || isTakenBack
        ? revocation
        : { key, issuedBefore: Math.max(issuedBefore, known.issuedBefore), ttlMs: Math.max(ttlMs, known.ttlMs) };
    this.#waiting.set(nameOf(kept), kept);
    return kept;
  }

  /** The shared store has heard of them. */
  told(revocations: readonly Revocation[]): void {
    for (const each of revocations) {
      const name = nameOf(each);
      if (this.#waiting.get(name) === each) this.#waiting.delete(name);
    }
  }
}

/** What was taken back is told before what was revoked again since. */
const nameOf = ({ key, issuedBefore }: Revocation): string => (issuedBefore === 0 ? `taken-back:${key}` : key);
