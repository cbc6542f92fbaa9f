import { andThen, type Awaitable, isPromiseLike } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import type { ObservedStoreCall } from '../core/observer.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import {
  type Admission,
  type AdmissionAnswer,
  type Lease,
  type LeaseState,
  type Revocation,
  type RevocationBatch,
  type ScoreRule,
  SecureWsStore,
  SecureWsStoreError,
  type StoreNews,
} from './secure-ws.store.js';
import { sentAdmission, sentLease } from './sent-admission.js';
import { hashedKey } from './store-keys.js';
import { type ControlLine, watchedLine } from './control-line.js';
import { ForgeryReports } from './forgery-reports.js';
import { StoreHealth, type StoreHealthListener } from './store-health.js';
import { UntoldRevocations } from './untold-revocations.js';

/** How many of the revocations that this node knows are looked through at once. */
const READ_AT_ONCE = 500;

const PROBE: ScoreRule = Object.freeze({ name: 'probe', decayPerSecond: 1, max: 1 });

/**
 * A shared store, and what holds while it is away (DR-17, OWASP ASVS 5.0 16.5.2):
 *
 * - rates and scores are counted in the memory of this node
 * - leases known to this node hold for `admitWhileAwayMs`; then nobody new is admitted
 * - single-use values are refused at once: another node may have seen them
 * - revocations hold that this node has made or read; those that it made are told when the store is back, and as soon as
 *   it has lost its data
 *
 * What was read holds here also where somebody has deleted it in the shared store.
 *
 * The shared store is given hashes of keys: addresses and names of users do not leave the node.
 */
export class ResilientStore extends SecureWsStore {
  readonly #health: StoreHealth;
  readonly #untold = new UntoldRevocations();
  #isTelling = false;
  /** Whether the memory of this node had room for every revocation that was read. */
  #holdsAll = true;
  /** Monotonic moment at which the log was last read to its end: a node that has just started knows of none. */
  #readAt = -Infinity;
  #isClosed = false;
  #control: ControlLine | undefined;
  readonly #listeners: StoreHealthListener[];
  /** What in the shared store none of us has written. */
  readonly forgeries: ForgeryReports;

  constructor(
    private readonly shared: SecureWsStore,
    /** The memory of this node; only for this store. */
    private readonly local: SecureWsStore,
    private readonly clock: Clock,
    listener: StoreHealthListener,
    private readonly admitWhileAwayMs: number,
  ) {
    super();
    this.#listeners = [listener];
    this.forgeries = new ForgeryReports(shared, clock);
    // A write: a store that can only be read (a replica, a full disk) cannot count.
    this.#health = new StoreHealth(clock, () => shared.charge('probe:health', 1, PROBE), {
      onAway: (cause) => this.#listeners.forEach((each) => each.onAway(cause)),
      onBack: (awayMs) => this.#listeners.forEach((each) => each.onBack(awayMs)),
    });
  }

  /** Tells one more listener, from now on. */
  onHealth(listener: StoreHealthListener): void {
    this.#listeners.push(listener);
  }

  /** Tells of every question to the shared store. @param onCall must not throw. */
  observe(onCall: (call: ObservedStoreCall) => void): void {
    this.#health.onCall = onCall;
  }

  override get admitsHandshakes(): boolean {
    return this.#health.awayMs < (this.#knowsRevocations ? this.admitWhileAwayMs : 1);
  }

  override get control(): ControlLine | undefined {
    const line = this.shared.control;
    return line === undefined ? undefined : (this.#control ??= watchedLine(line, (call) => this.#ask(call)));
  }

  override onNews(listener: (what: StoreNews) => void): () => void {
    return this.shared.onNews(listener);
  }

  override get hearsNews(): boolean {
    return this.shared.hearsNews;
  }

  override get awayMs(): number {
    return this.#health.awayMs;
  }

  /** Whether this node can tell by itself who is revoked, but for what has come elsewhere since it last read. */
  get #knowsRevocations(): boolean {
    return this.#holdsAll && this.clock.monotonic() - this.#readAt < this.admitWhileAwayMs;
  }

  /** Watches the shared store, tells it what it missed, and sweeps the memory. */
  override tick(): void {
    this.#health.tick();
    if (this.#untold.size > 0 && !this.#isTelling && this.#health.isAnswering) void this.#tell();
    this.local.tick();
    this.forgeries.tick();
    void this.#tickShared();
  }

  override hit(key: string, rules: readonly ThrottleRule[], cost = 1): Awaitable<number> {
    return this.#askOr(
      () => this.shared.hit(hashedKey(key), rules, cost),
      () => this.local.hit(key, rules, cost),
    );
  }

  override charge(key: string, weight: number, rule: ScoreRule): Awaitable<number> {
    return this.#askOr(
      () => this.shared.charge(hashedKey(key), weight, rule),
      () => this.local.charge(key, weight, rule),
    );
  }

  override admit(admission: Admission): Awaitable<AdmissionAnswer> {
    const sent = sentAdmission(admission);
    if (sent.identity !== undefined && !this.#isClosed) {
      const known = this.local.admit({ identity: sent.identity }) as AdmissionAnswer;
      if (known.isRevoked) return known;
    }
    return this.#askOr(
      () => this.shared.admit(sent),
      () => {
        const { identity } = sent;
        // One answer may fail without an outage: who is revoked must be known here for that, too.
        const isKnown = identity === undefined || this.#knowsRevocations;
        if (!this.admitsHandshakes || !isKnown) throw new SecureWsStoreError('unavailable');
        // Revocations are kept as they were read, by hashed keys.
        return this.local.admit(identity === undefined ? admission : { ...admission, identity });
      },
    );
  }

  /**
   * What was leased while the shared store was away is `unknown` there: its holder takes the place again.
   *
   * @throws SecureWsStoreError `unavailable` while the shared store is away: whether a lease is held is not known.
   */
  override renew(leases: readonly Lease[], ttlMs: number): Awaitable<readonly LeaseState[]> {
    return andThen(
      this.#ask(() => this.shared.renew(leases.map(sentLease), ttlMs)),
      (states) => {
        for (const lease of leases) void this.local.release(lease);
        return states;
      },
    );
  }

  override release(lease: Lease): Awaitable<void> {
    void this.local.release(lease);
    return this.#health.ask(() => this.shared.release(sentLease(lease)));
  }

  override put(key: string, value: string, ttlMs: number): Awaitable<boolean> {
    return this.#ask(() => this.shared.put(hashedKey(key), value, ttlMs));
  }

  override take(key: string): Awaitable<string | undefined> {
    return this.#ask(() => this.shared.take(hashedKey(key)));
  }

  /**
   * Holds on this node at once, and on the others when the shared store has taken it.
   *
   * @throws SecureWsStoreError `unavailable` where it has not: it is told again until it does.
   */
  override revoke(revocations: readonly Revocation[]): Awaitable<void> {
    const hashed = revocations.map((each) => ({ ...each, key: hashedKey(each.key) }));
    if (this.#untold.isFull) throw new SecureWsStoreError('full');
    this.#keep(hashed);
    const sent = hashed.map((each) => this.#untold.add(each));
    return andThen(
      this.#ask(() => this.shared.revoke(sent)),
      () => this.#untold.told(sent),
    );
  }

  /** Entries have hashed keys. What was read holds on this node while the shared store is away; it is read at its first answer. */
  override revocations(after: string | undefined, most: number): Awaitable<RevocationBatch> {
    return andThen(
      this.#ask(() => this.shared.revocations(after, most), true),
      (batch) => {
        if (after !== undefined && !batch.isContinued) this.#tellAll();
        this.#keep(batch.entries);
        if (batch.isLast) this.#readAt = this.clock.monotonic();
        return batch;
      },
    );
  }

  /** Ends the memory of this node. The shared store is closed by whoever made it: others may still count there. */
  override close(): void {
    this.#isClosed = true;
    this.forgeries.close();
    void this.local.close();
  }

  /** A memory that is full must not keep the shared store from being told. */
  #keep(revocations: readonly Revocation[]): void {
    try {
      void this.local.revoke(revocations);
    } catch {
      this.#holdsAll = false;
    }
  }

  /** The application wrote it: what it throws must not end the process, nor keep the memory from being swept. */
  async #tickShared(): Promise<void> {
    try {
      await (this.shared.tick() as unknown);
    } catch {
      // Whether it answers is found out by asking it.
    }
  }

  #ask<T>(call: () => Awaitable<T>, isEarly = false): Awaitable<T> {
    if (this.#isClosed) throw new SecureWsStoreError('closed');
    return this.#health.ask(call, isEarly);
  }

  #askOr<T>(call: () => Awaitable<T>, fallBack: () => Awaitable<T>): Awaitable<T> {
    const recover = (error: unknown): Awaitable<T> => {
      if (error instanceof SecureWsStoreError && error.failure === 'unavailable') return fallBack();
      throw error;
    };
    try {
      const answer = this.#ask(call);
      return isPromiseLike(answer) ? answer.catch(recover) : answer;
    } catch (error) {
      return recover(error);
    }
  }

  /** The shared store lost its data: what this node knows is told to it again. */
  #tellAll(): void {
    let after: string | undefined;
    for (let isLast = false; !isLast;) {
      const batch = this.local.revocations(after, READ_AT_ONCE) as RevocationBatch;
      for (const each of batch.entries) this.#untold.add(each);
      ({ position: after, isLast } = batch);
    }
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    try {
      // All of them, at its first answer: other nodes admit again when they have had three.
      while (this.#untold.size > 0) {
        const { batch } = this.#untold;
        await this.#ask(() => this.shared.revoke(batch), true);
        this.#untold.told(batch);
      }
    } catch {
      // At the next tick again.
    } finally {
      this.#isTelling = false;
    }
  }
}
