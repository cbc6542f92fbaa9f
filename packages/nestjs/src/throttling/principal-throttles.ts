import type { Principal } from '../core/principal.js';
import { RateWindows, type ThrottleRule } from '../core/rate-windows.js';
import type { SecureWsStore } from '../store/secure-ws.store.js';
import { principalKey } from '../store/store-keys.js';

/** How many principals without a connection are remembered. */
const MAX_REMEMBERED = 100_000;

/** How soon a principal in debt may ask again, where the store has not named a time. */
const RETRY_MS = 100;

/** What is counted by itself: the plan of a handler, by its identity. */
export interface ThrottledEvent {
  readonly throttles: readonly ThrottleRule[];
}

/** How often a principal may send, over all its connections. Held by each of them; obtained once for each connection. */
export class PrincipalThrottle {
  readonly #windows: RateWindows;
  readonly #events = new Map<ThrottledEvent, RateWindows>();
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
    private readonly rules: readonly ThrottleRule[],
    /** Asked as well, where several nodes share it. */
    private readonly shared: SecureWsStore | undefined,
    /** Called when a debt stays: {@link settle} is to be called from then on. */
    private readonly onOverdrawn: (throttle: PrincipalThrottle) => void,
  ) {
    this.#windows = new RateWindows(rules);
    this.#mostAtOnce = Math.min(...rules.map(({ limit }) => limit));
    this.memoryMs = longest(rules);
  }

  /** Whether the store has still to count what this node has let through. */
  get isOverdrawn(): boolean {
    return this.#isOverdrawn;
  }

  /**
   * Counts one message. This node decides alone; where several share a store, each settles in the background what it has
   * let through. What the store has no room for stays a debt, and the principal waits here until it is paid: over time all
   * nodes together let through what one may, and ahead of that each at most what its own windows hold.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  hit(now: number): number {
    this.lastHitAt = now;
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    if (this.#isOverdrawn) {
      this.settle(now);
      return RETRY_MS;
    }
    const wait = this.#windows.hit(now);
    if (wait > 0 || this.shared === undefined) return wait;
    this.#debt++;
    this.settle(now);
    return 0;
  }

  /** Has the store count the debt, unless it is being asked or has said to wait. */
  settle(now: number): void {
    this.#now = now;
    if (this.shared === undefined || this.#isSettling || now < this.#blockedUntil) return;
    void this.#settle(this.shared);
  }

  /** The windows of an event: the same for all connections of the principal, so that a new one does not start over. */
  windowsOf(plan: ThrottledEvent): RateWindows {
    let windows = this.#events.get(plan);
    if (windows === undefined) {
      this.#events.set(plan, (windows = new RateWindows(plan.throttles)));
      this.memoryMs = Math.max(this.memoryMs, longest(plan.throttles));
    }
    return windows;
  }

  /**
   * One request at a time for each principal, however many messages it sends meanwhile. What does not fit is halved until
   * something does: other nodes that ask for less would otherwise always be first.
   */
  async #settle(store: SecureWsStore): Promise<void> {
    this.#isSettling = true;
    try {
      let most = this.#mostAtOnce;
      while (this.#debt > 0) {
        const cost = Math.min(this.#debt, most);
        const wait = await store.hit(this.key, this.rules, cost);
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
 * The throttles of all principals of this node. They live as long as a connection holds them, and then until nothing of
 * them counts any more: a client that reconnects keeps its debt (DR-05), and the map stays as small as the connections
 * and the last seconds make it.
 */
export class PrincipalThrottles {
  readonly #throttles = new Map<string, PrincipalThrottle>();
  readonly #released = new Set<PrincipalThrottle>();
  readonly #overdrawn = new Set<PrincipalThrottle>();
  readonly #rules: readonly ThrottleRule[];
  readonly #shared: SecureWsStore | undefined;

  constructor(rules: readonly ThrottleRule[], store: SecureWsStore) {
    this.#rules = rules.map((rule) => Object.freeze({ ...rule, name: `messages-${rule.name ?? 'default'}` }));
    // The store of this node would count the same a second time, and look its key up for every message.
    this.#shared = store.isShared ? store : undefined;
  }

  /** How many principals are counted. */
  get size(): number {
    return this.#throttles.size;
  }

  /** The throttle of a principal, for one more connection of it. */
  obtain(principal: Principal): PrincipalThrottle {
    const key = principalKey(principal);
    let throttle = this.#throttles.get(key);
    if (throttle === undefined) {
      throttle = new PrincipalThrottle(key, this.#rules, this.#shared, (overdrawn) => {
        this.#overdrawn.add(overdrawn);
      });
      this.#throttles.set(key, throttle);
    }
    throttle.holders++;
    this.#released.delete(throttle);
    return throttle;
  }

  /** A connection of the principal has ended. */
  release(throttle: PrincipalThrottle): void {
    throttle.holders--;
    if (throttle.holders > 0) return;
    this.#released.add(throttle);
    if (this.#released.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#released;
    if (oldest !== undefined) this.#forget(oldest);
  }

  /**
   * Has debts paid, also those of principals that are silent now, and forgets the principals that nothing counts for any
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

  #forget(throttle: PrincipalThrottle): void {
    this.#released.delete(throttle);
    this.#overdrawn.delete(throttle);
    this.#throttles.delete(throttle.key);
  }
}

function longest(rules: readonly ThrottleRule[]): number {
  return Math.max(0, ...rules.map(({ ttl, blockDuration = 0 }) => Math.max(ttl, blockDuration)));
}
