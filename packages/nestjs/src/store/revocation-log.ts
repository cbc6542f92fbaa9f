import { randomId } from '../core/identifier.js';
import { type Revocation, type RevocationBatch, SecureWsStoreError } from './secure-ws.store.js';
import { REVOCATION_KINDS } from './store-keys.js';
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

/**
 * The revocations of a memory store, by key and in the order in which they came. A full one refuses. Each kind has room of its
 * own: who logs in and out a hundred thousand times must not have the ban of an attacker refused.
 */
export class RevocationLog {
  readonly #kinds = new Map<string, SweptMap<Logged>>();
  /** Tells this log from the one before a restart: a position of that one is none here. */
  readonly #name = randomId();
  #log: Logged[] = [];
  #last = 0;

  constructor(
    /** How many keys of each kind are kept. */
    private readonly maxKeys: number,
  ) {}

  /** How many keys there are, those that are over and not yet swept included. */
  get size(): number {
    let size = 0;
    for (const kind of this.#kinds.values()) size += kind.size;
    return size;
  }

  /** As `SecureWsStore.revoke`. */
  revoke(revocations: readonly Revocation[], now: number): void {
    this.#makeRoom(revocations, now);
    for (const { key, issuedBefore, ttlMs } of revocations) {
      const known = this.#get(key, now);
      // One that was taken back prolongs nothing.
      const due = Math.max(now + ttlMs, known === undefined || known.issuedBefore === 0 ? 0 : known.due);
      const later = issuedBefore === 0 ? 0 : Math.max(issuedBefore, known?.issuedBefore ?? 0);
      // A second that a copy has been on its way is no longer life.
      if (known?.issuedBefore === later && Math.abs(due - known.due) < 1000) continue;
      const logged = { key, issuedBefore: later, due, position: ++this.#last };
      this.#kindOf(key).set(key, logged);
      this.#log.push(logged);
    }
    if (this.#log.length <= 2 * this.size + MAX_STALE) return;
    this.#log = this.#log.filter((logged) => this.#isLive(logged, now));
  }

  /** Whether an identity that was issued at a moment is revoked by any of its keys. */
  isRevoked(keys: readonly string[], issuedAt: number, now: number): boolean {
    // Negated: NaN fails the comparison, so it is revoked.
    return this.#kinds.size > 0 && keys.some((key) => !(issuedAt >= (this.#get(key, now)?.issuedBefore ?? -Infinity)));
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

  /** Looks at the next `steps` keys of each kind. */
  sweep(now: number, steps: number): number {
    let looked = 0;
    for (const [name, kind] of this.#kinds) {
      looked += kind.sweep(now, steps);
      if (kind.size === 0) this.#kinds.delete(name);
    }
    return looked;
  }

  /** Forgets everything. */
  clear(): void {
    this.#kinds.clear();
    this.#log = [];
  }

  #isLive(logged: Logged, now: number): boolean {
    return this.#get(logged.key, now) === logged;
  }

  #makeRoom(revocations: readonly Revocation[], now: number): void {
    const fresh = new Map<SweptMap<Logged>, Set<string>>();
    for (const { key } of revocations) {
      const kind = this.#kindOf(key);
      if (!kind.has(key)) fresh.set(kind, (fresh.get(kind) ?? new Set()).add(key));
    }
    for (const [kind, { size }] of fresh) {
      if (kind.size + size > kind.maxKeys) kind.sweep(now, kind.size);
      // To forget one would let it in again.
      if (kind.size + size > kind.maxKeys) throw new SecureWsStoreError('full');
    }
  }

  #get(key: string, now: number): Logged | undefined {
    return this.#kinds.get(kindIn(key))?.get(key, now);
  }

  #kindOf(key: string): SweptMap<Logged> {
    const name = kindIn(key);
    let kind = this.#kinds.get(name);
    if (kind === undefined) this.#kinds.set(name, (kind = new SweptMap(this.maxKeys, ({ due }, now) => due <= now)));
    return kind;
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

/** What stands before the first colon of a key, where it is a kind of ours: others, which no store should have, share a place. */
function kindIn(key: string): string {
  const kind = key.slice(0, Math.max(0, key.indexOf(':')));
  return REVOCATION_KINDS.has(kind) ? kind : '';
}
