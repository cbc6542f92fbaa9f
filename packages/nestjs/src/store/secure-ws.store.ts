import type { Awaitable } from '../core/awaitable.js';

/** At most {@link limit} units in any {@link ttlMs}, for each key. */
export interface RateRule {
  /** Keeps the counters of two rules for one key apart. Lower-case words with dashes. */
  readonly name: string;
  /** Units; a whole number, or `Infinity` for no limit. */
  readonly limit: number;
  /** The sliding window in milliseconds. */
  readonly ttlMs: number;
}

/** A score that falls with time, for each key. */
export interface ScoreRule {
  /** Keeps the scores of two rules for one key apart. Lower-case words with dashes. */
  readonly name: string;
  /** How much is forgiven in a second. */
  readonly decayPerSecond: number;
  /** The score never rises above this, so that everything is forgiven after `max / decayPerSecond` seconds. */
  readonly max: number;
}

/** What a key has on its score. */
export interface Score {
  /** After decay; 0 for a key that was never charged. */
  readonly value: number;
  /** What {@link value} was right after the last charge. */
  readonly charged: number;
  /** Milliseconds since the last charge; `Infinity` for a key that was never charged. */
  readonly ageMs: number;
}

/** What happens to a lease beyond the limit. */
export type LeaseOverflow = 'refuse' | 'replace-oldest';

/** The answer to {@link SecureWsStore.acquire}. */
export interface LeaseAnswer {
  /** Only `true` admits. */
  readonly granted: boolean;
  /** How many leases the key has now. */
  readonly held: number;
  /** The holders that lost their lease for this one, oldest first. They must be closed. */
  readonly replaced: readonly string[];
}

/**
 * What the nodes of an application must agree on: rate windows, connection leases, single-use values, revocations and
 * scores. Also the injection token; the memory store is there by default, and one over Redis serves a cluster.
 *
 * Methods answer at once or with a promise, and callers take both. A method throws (or rejects with)
 * {@link SecureWsStoreError} when it has no answer, and its caller then refuses.
 *
 * Keys are `kind:value`, such as `address:192.0.2.1` or `principal:...`; see `store-keys.ts`. Durations are in
 * milliseconds and measured by the store, never by comparing the clocks of two nodes; only revocations carry dates.
 *
 * A store of your own must pass `describeStoreContract` of `@secure-ws/nestjs/testing`.
 */
export abstract class SecureWsStore {
  /**
   * Takes `cost` units of a key's rate, all or none. Units that are refused do not count.
   *
   * @param cost a whole number. @default 1
   * @returns 0 when taken; otherwise the milliseconds until as much would be taken.
   */
  abstract hit(key: string, rule: RateRule, cost?: number): Awaitable<number>;

  /**
   * Leases one of `limit` places of a key to a holder, atomically. A holder that has a lease keeps its place in the order
   * and has its lease renewed.
   *
   * @param holder unique among all nodes, such as the id of a connection.
   * @param ttlMs when the lease lapses unless it is renewed: what a node that died held comes back.
   */
  abstract acquire(
    key: string,
    holder: string,
    limit: number,
    ttlMs: number,
    overflow?: LeaseOverflow,
  ): Awaitable<LeaseAnswer>;

  /**
   * Prolongs a lease by `ttlMs` from now.
   *
   * @returns `false` when the holder has none: it lapsed, was released or replaced.
   */
  abstract renew(key: string, holder: string, ttlMs: number): Awaitable<boolean>;

  /** Gives a lease back. Without one it does nothing. */
  abstract release(key: string, holder: string): Awaitable<void>;

  /**
   * Uses a single-use value (a ticket, a nonce): of all callers on all nodes exactly one gets `true`.
   *
   * Values are never given up before they lapse: a store without room throws, and the value counts as used.
   *
   * @param ttlMs how long the value is remembered: at least as long as anything would accept it.
   */
  abstract claim(key: string, ttlMs: number): Awaitable<boolean>;

  /**
   * Revokes what was issued for a key (a principal, a session, a token) before a moment. The latest moment counts.
   *
   * @param issuedBeforeMs milliseconds since 1970; `Infinity` for everything, whenever it was issued.
   * @param untilMs until when to remember it, in milliseconds since 1970: when the last credential that it meets ends.
   */
  abstract revoke(key: string, issuedBeforeMs: number, untilMs: number): Awaitable<void>;

  /**
   * The latest moment before which what was issued for one of the keys is revoked.
   *
   * @returns milliseconds since 1970, compared as `issuedAt < answer`; `-Infinity` when nothing is revoked.
   */
  abstract revokedBefore(keys: readonly string[]): Awaitable<number>;

  /** Adds to a key's score and answers what it is then. */
  abstract charge(key: string, weight: number, rule: ScoreRule): Awaitable<Score>;

  /** A key's score. */
  abstract score(key: string, rule: ScoreRule): Awaitable<Score>;

  /** Ends the store. Called once, after every connection is gone. */
  abstract close(): Awaitable<void>;
}
