import type { Principal } from '../core/principal.js';
import { RateWindows, type ThrottleRule } from '../core/rate-windows.js';
import type { SecureWsStore } from '../store/secure-ws.store.js';
import { principalKey } from '../store/store-keys.js';

/** How many principals without a connection are remembered. */
const MAX_REMEMBERED = 100_000;

/** What is counted by itself: the plan of a handler, by its identity. */
export interface ThrottledEvent {
  readonly throttles: readonly ThrottleRule[];
}

/** How often a principal may send, over all its connections. Held by each of them; obtained once for each connection. */
export class PrincipalThrottle {
  readonly #windows: RateWindows;
  readonly #events = new Map<ThrottledEvent, RateWindows>();
  #unsettled = 0;
  #isSettling = false;
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
  ) {
    this.#windows = new RateWindows(rules);
    this.memoryMs = longest(rules);
  }

  /**
   * Counts one message. This node decides alone; where several share a store, they settle in the background what they have
   * let through, and one that the store refuses waits. Together they let through at most what they may, and what each of
   * them admits by itself while one answer of the store is on its way.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait.
   */
  hit(now: number): number {
    this.lastHitAt = now;
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    const wait = this.#windows.hit(now);
    if (wait > 0 || this.shared === undefined) return wait;
    this.#unsettled++;
    if (!this.#isSettling) void this.#settle(this.shared);
    return 0;
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

  /** One request at a time for each principal, however many messages it sends meanwhile. */
  async #settle(store: SecureWsStore): Promise<void> {
    this.#isSettling = true;
    try {
      while (this.#unsettled > 0) {
        const hits = this.#unsettled;
        this.#unsettled = 0;
        const wait = await store.hit(this.key, this.rules, hits);
        if (wait > 0) this.#blockedUntil = this.lastHitAt + wait;
      }
    } catch {
      // A store without an answer: this node's own windows have counted the messages.
    } finally {
      this.#isSettling = false;
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
      throttle = new PrincipalThrottle(key, this.#rules, this.#shared);
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

  /** Forgets the principals that nothing counts for any more. Called by the coarse timer. */
  sweep(now: number): void {
    for (const throttle of this.#released) {
      if (now - throttle.lastHitAt <= throttle.memoryMs) continue;
      this.#forget(throttle);
    }
  }

  #forget(throttle: PrincipalThrottle): void {
    this.#released.delete(throttle);
    this.#throttles.delete(throttle.key);
  }
}

function longest(rules: readonly ThrottleRule[]): number {
  return Math.max(0, ...rules.map(({ ttl, blockDuration = 0 }) => Math.max(ttl, blockDuration)));
}
