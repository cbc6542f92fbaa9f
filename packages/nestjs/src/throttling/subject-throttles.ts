import type { ThrottleRule } from '../core/rate-windows.js';
import type { SecureWsStore } from '../store/secure-ws.store.js';
import { EventWindow } from './event-window.js';
import type { EventThrottle, MessageThrottleRule, ThrottleValues } from './throttle-rule.js';
import { enforcedOf, ThrottleWindows } from './throttle-windows.js';

/** How many subjects without a connection are remembered. */
const MAX_REMEMBERED = 100_000;

/** How soon a subject in debt may ask again, where the store has not named a time. */
const RETRY_MS = 100;

/**
 * How often a subject (a principal, an address, a tenant) may send, over all its connections. Held by each of them;
 * obtained once for each connection.
 */
export class SubjectThrottle {
  readonly #windows: ThrottleWindows;
  readonly #settled: readonly ThrottleRule[];
  // Most subjects never send an event that has a rule of its own.
  #events: Map<EventThrottle, EventWindow> | undefined;
  /** The most that the store can take at once: more would never find room. */
  readonly #mostAtOnce: number;
  /** What this node has let through and the store has not counted yet. */
  #debt = 0;
  #isSettling = false;
  /** The store had no room for all of the debt. */
  #isOverdrawn = false;
  #now = 0;
  #blockedUntil = 0;
  /** How many connections hold it. */
  holders = 0;
  lastHitAt = 0;
  /** How long after its last message something may still count, in milliseconds. */
  memoryMs: number;

  constructor(
    readonly key: string,
    rules: readonly MessageThrottleRule[],
    /** Asked as well, where several nodes share it. */
    private readonly shared: SecureWsStore | undefined,
    /** Called when a debt stays: {@link settle} is to be called from then on. */
    private readonly onOverdrawn: (throttle: SubjectThrottle) => void,
  ) {
    this.#windows = new ThrottleWindows(rules);
    // What only reports is counted by this node: nobody waits for a debt that refuses nothing.
    this.#settled = enforcedOf(rules);
    this.#mostAtOnce = Math.min(...this.#settled.map(({ limit }) => limit));
    this.memoryMs = longest(rules);
  }

  /** Whether the store has still to count what this node has let through. */
  get isOverdrawn(): boolean {
    return this.#isOverdrawn;
  }

  /**
   * Whether there is room for one message. This node decides alone; where several share a store, each settles in the
   * background what it has let through. What the store has no room for stays a debt, and the subject waits here until it is
   * paid: over time all nodes together let through what one may, and ahead of that each at most what its own windows hold.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  wait(now: number): number {
    this.lastHitAt = now;
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    if (this.#isOverdrawn) {
      this.settle(now);
      return RETRY_MS;
    }
    return this.#windows.wait(now);
  }

  /** As `RateWindows.halfWait()`, for what {@link wait} has answered 0 for. */
  halfWait(now: number): number {
    return this.#windows.halfWait(now);
  }

  /** Takes what {@link wait} answered 0 for, at the same moment. @returns as `ThrottleWindows.take()`. */
  take(now: number): number {
    const reportedWait = this.#windows.take(now);
    if (this.shared !== undefined && this.#settled.length > 0) {
      this.#debt++;
      this.settle(now);
    }
    return reportedWait;
  }

  /** Has the store count the debt, unless it is being asked or has said to wait. */
  settle(now: number): void {
    this.#now = now;
    if (this.shared === undefined || this.#isSettling || now < this.#blockedUntil) return;
    void this.#settle(this.shared);
  }

  /** The window of a rule of an event: the same for all connections of the subject, so that a new one does not start over. */
  windowOf(rule: EventThrottle, now: number): EventWindow {
    this.lastHitAt = now;
    this.#events ??= new Map();
    let window = this.#events.get(rule);
    if (window === undefined) {
      this.#events.set(rule, (window = new EventWindow(rule)));
      if (rule.fixed !== undefined) this.remember(rule.fixed);
    }
    return window;
  }

  /** An event was counted by these values: it is to be remembered for as long. */
  remember({ ttl, blockMs }: ThrottleValues): void {
    this.memoryMs = Math.max(this.memoryMs, ttl, blockMs);
  }

  /**
   * One request at a time for each subject, however many messages it sends meanwhile. What does not fit is halved until
   * something does: other nodes that ask for less would otherwise always be first.
   */
  async #settle(store: SecureWsStore): Promise<void> {
    this.#isSettling = true;
    try {
      let most = this.#mostAtOnce;
      while (this.#debt > 0) {
        const cost = Math.min(this.#debt, most);
        const wait = await store.hit(this.key, this.#settled, cost);
        if (wait === 0) {
          this.#debt -= cost;
          continue;
        }
        this.#blockedUntil = Math.max(this.#blockedUntil, this.#now + wait);
        if (cost === 1) break;
        most = Math.floor(cost / 2);
      }
    } catch {
      // A store without an answer: this node's own windows have counted the messages (DR-17).
      this.#debt = 0;
    } finally {
      this.#isSettling = false;
      const wasOverdrawn = this.#isOverdrawn;
      this.#isOverdrawn = this.#debt > 0;
      if (this.#isOverdrawn && !wasOverdrawn) this.onOverdrawn(this);
    }
  }
}

/**
 * The throttles of all subjects of one kind on this node. They live as long as a connection holds them, and then until nothing of
 * them counts any more: a client that reconnects keeps its debt (DR-05), and the map stays as small as the connections
 * and the last seconds make it.
 */
export class SubjectThrottles {
  readonly #throttles = new Map<string, SubjectThrottle>();
  readonly #released = new Set<SubjectThrottle>();
  readonly #overdrawn = new Set<SubjectThrottle>();
  readonly #rules: readonly MessageThrottleRule[];
  readonly #shared: SecureWsStore | undefined;

  constructor(rules: readonly MessageThrottleRule[], store: SecureWsStore) {
    this.#rules = rules.map((rule) => Object.freeze({ ...rule, name: `messages-${rule.name ?? 'default'}` }));
    // The store of this node would count the same a second time, and look its key up for every message.
    this.#shared = store.isShared ? store : undefined;
  }

  /** Whether every message is counted, or only those of events with a rule for such subjects. */
  get hasRules(): boolean {
    return this.#rules.length > 0;
  }

  /** How many subjects are counted. */
  get size(): number {
    return this.#throttles.size;
  }

  /** The throttle of a subject, for one more connection of it. @param key such as that of `principalKey()`. */
  obtain(key: string): SubjectThrottle {
    let throttle = this.#throttles.get(key);
    if (throttle === undefined) {
      throttle = new SubjectThrottle(key, this.#rules, this.#shared, (overdrawn) => {
        this.#overdrawn.add(overdrawn);
      });
      this.#throttles.set(key, throttle);
    }
    throttle.holders++;
    this.#released.delete(throttle);
    return throttle;
  }

  /** A connection of the subject has ended. */
  release(throttle: SubjectThrottle): void {
    throttle.holders--;
    if (throttle.holders > 0) return;
    this.#released.add(throttle);
    if (this.#released.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#released;
    if (oldest !== undefined) this.#forget(oldest);
  }

  /**
   * Has debts paid, also those of subjects that are silent now, and forgets the subjects that nothing counts for any
   * more. Called by the coarse timer.
   */
  sweep(now: number): void {
    for (const throttle of this.#overdrawn) {
      if (throttle.isOverdrawn) throttle.settle(now);
      else this.#overdrawn.delete(throttle);
    }
    for (const throttle of this.#released) {
      if (throttle.isOverdrawn || now - throttle.lastHitAt <= throttle.memoryMs) continue;
      this.#forget(throttle);
    }
  }

  #forget(throttle: SubjectThrottle): void {
    this.#released.delete(throttle);
    this.#overdrawn.delete(throttle);
    this.#throttles.delete(throttle.key);
  }
}

function longest(rules: readonly ThrottleRule[]): number {
  return Math.max(0, ...rules.map(({ ttl, blockDuration = 0 }) => Math.max(ttl, blockDuration)));
}
