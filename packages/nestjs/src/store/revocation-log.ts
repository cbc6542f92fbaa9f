import { randomId } from '../core/identifier.js';
import { type Revocation, type RevocationBatch, SecureWsStoreError } from './secure-ws.store.js';
import { SweptMap } from './swept-map.js';

/** How many entries of the log may be over or repeated before it is written again. */
const MAX_STALE = 1000;

/** An entry of the log. */
interface Logged {
  readonly key: string;
  readonly issuedBefore: number;
  /** Monotonic milliseconds. */
  readonly due: number;
  readonly position: number;
}

/** The revocations of a memory store, by key and in the order in which they came. A full one refuses. */
export class RevocationLog {
  readonly #live: SweptMap<Logged>;
  /** Tells this log from the one before a restart: a position of that one is none here. */
  readonly #name = randomId();
  #log: Logged[] = [];
  #last = 0;

  constructor(maxKeys: number) {
    this.#live = new SweptMap(maxKeys, ({ due }, now) => due <= now);
  }

  /** How many keys there are, those that are over and not yet swept included. */
  get size(): number {
    return this.#live.size;
  }

  /** As `SecureWsStore.revoke`. */
  revoke(revocations: readonly Revocation[], now: number): void {
    this.#makeRoom(revocations, now);
    for (const { key, issuedBefore, ttlMs } of revocations) {
      const known = this.#live.get(key, now);
      // One that was taken back prolongs nothing.
      const due = Math.max(now + ttlMs, known === undefined || known.issuedBefore === 0 ? 0 : known.due);
      const later = issuedBefore === 0 ? 0 : Math.max(issuedBefore, known?.issuedBefore ?? 0);
      // A second that a copy has been on its way is no longer life.
      if (known?.issuedBefore === later && Math.abs(due - known.due) < 1000) continue;
      const logged = { key, issuedBefore: later, due, position: ++this.#last };
      this.#live.set(key, logged);
      this.#log.push(logged);
    }
    if (this.#log.length <= 2 * this.#live.size + MAX_STALE) return;
    this.#log = this.#log.filter((logged) => this.#isLive(logged, now));
  }

  /** Whether an identity that was issued at a moment is revoked by any of its keys. */
  isRevoked(keys: readonly string[], issuedAt: number, now: number): boolean {
    // Negated: NaN fails the comparison, so it is revoked.
    return (
      this.#live.size > 0 && keys.some((key) => !(issuedAt >= (this.#live.get(key, now)?.issuedBefore ?? -Infinity)))
    );
  }

  /** As `SecureWsStore.revocations`. */
  read(after: string | undefined, most: number, now: number): RevocationBatch {
    const from = this.#positionOf(after);
    const entries: Revocation[] = [];
    let position = from ?? 0;
    for (let at = this.#firstAfter(position); at < this.#log.length && entries.length < most; at++) {
      const logged = this.#log[at] as Logged;
      position = logged.position;
      if (!this.#isLive(logged, now)) continue;
      entries.push({ key: logged.key, issuedBefore: logged.issuedBefore, ttlMs: Math.ceil(logged.due - now) });
    }
    const isLast = entries.length < most;
    if (isLast) position = this.#last;
    return { entries, position: `${this.#name}.${position}`, isLast, isContinued: from !== undefined };
  }

  /** Looks at the next `steps` keys. */
  sweep(now: number, steps: number): number {
    return this.#live.sweep(now, steps);
  }

  /** Forgets everything. */
  clear(): void {
    this.#live.clear();
    this.#log = [];
  }

  #isLive(logged: Logged, now: number): boolean {
    return this.#live.get(logged.key, now) === logged;
  }

  #makeRoom(revocations: readonly Revocation[], now: number): void {
    const fresh = new Set(revocations.map(({ key }) => key).filter((key) => !this.#live.has(key))).size;
    const hasRoom = (): boolean => this.#live.size + fresh <= this.#live.maxKeys;
    if (!hasRoom()) this.#live.sweep(now, this.#live.size);
    // To forget one would let it in again.
    if (!hasRoom()) throw new SecureWsStoreError('full');
  }

  #positionOf(after: string | undefined): number | undefined {
    const [name, position] = after?.split('.') ?? [];
    return name === this.#name ? Number(position) : undefined;
  }

  /** Where the entries after a position begin: the log is sorted by it. */
  #firstAfter(position: number): number {
    let low = 0;
    for (let high = this.#log.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((this.#log[middle] as Logged).position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
