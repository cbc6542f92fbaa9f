import type { Principal } from '../core/principal.js';
import type { Awaitable } from '../core/awaitable.js';
import { MemoryStore } from '../store/memory.store.js';
import type { RateRule, SecureWsStore } from '../store/secure-ws.store.js';
import { principalKey } from '../store/store-keys.js';
import { ThrottleCounter, type ThrottleRule } from './throttle-rule.js';

/** How many principals without a connection are remembered. */
const MAX_REMEMBERED = 100_000;

/** What is counted by itself: the plan of a handler, by its identity. */
export interface ThrottledEvent {
  readonly throttles: readonly ThrottleRule[];
}

/** How often a principal may send, over all its connections. Held by each of them; obtained once for each connection. */
export class PrincipalThrottle {
  readonly #counters: readonly ThrottleCounter[];
  readonly #rules: readonly RateRule[];
  readonly #events = new Map<ThrottledEvent, readonly ThrottleCounter[]>();
  /** How many connections hold it. */
  holders = 0;
  lastHitAt = 0;
  /** How long after its last message something may still count, in milliseconds. */
  memoryMs: number;

  constructor(
    readonly key: string,
    rules: readonly ThrottleRule[],
    /** Asked as well, where several nodes share it. */
    private readonly shared: SecureWsStore | undefined,
  ) {
    const limited = rules.filter(({ limit }) => limit !== Infinity);
    this.#counters = limited.map((rule) => new ThrottleCounter(rule));
    this.memoryMs = longest(rules);
    this.#rules = limited.map(({ limit, ttl, name = 'default' }) => ({ name: `messages-${name}`, limit, ttlMs: ttl }));
  }

  /**
   * Counts one message.
   *
   * @returns 0 when there is room; otherwise the milliseconds to wait. A promise only where several nodes must agree.
   */
  hit(now: number): Awaitable<number> {
    this.lastHitAt = now;
    let wait = 0;
    for (const counter of this.#counters) wait = Math.max(wait, counter.hit(now));
    return wait > 0 || this.shared === undefined ? wait : this.#hitShared(this.shared);
  }

  /** The counters of an event: one for all connections of the principal, so that a new one does not begin anew. */
  countersOf(plan: ThrottledEvent): readonly ThrottleCounter[] {
    let counters = this.#events.get(plan);
    if (counters === undefined) {
      counters = plan.throttles.map((rule) => new ThrottleCounter(rule));
      this.#events.set(plan, counters);
      this.memoryMs = Math.max(this.memoryMs, longest(plan.throttles));
    }
    return counters;
  }

  async #hitShared(store: SecureWsStore): Promise<number> {
    let wait = 0;
    for (const rule of this.#rules) wait = Math.max(wait, await store.hit(this.key, rule));
    return wait;
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
  readonly #shared: SecureWsStore | undefined;

  constructor(
    private readonly rules: readonly ThrottleRule[],
    store: SecureWsStore,
  ) {
    // The memory store would count the same a second time, and look its key up for every message.
    this.#shared = store instanceof MemoryStore ? undefined : store;
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
      throttle = new PrincipalThrottle(key, this.rules, this.#shared);
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
