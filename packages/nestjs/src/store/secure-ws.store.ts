import type { Awaitable } from '../core/awaitable.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import type { ControlLine } from './control-line.js';

/** A score that falls with time, for each key. */
export interface ScoreRule {
  /** Keeps the scores of two rules for one key apart. Lower-case words with dashes. */
  readonly name: string;
  /** How much is forgiven in a second. */
  readonly decayPerSecond: number;
  /** The score never rises above this, so that everything is forgiven after `max / decayPerSecond` seconds. */
  readonly max: number;
}

/** A score by which its key has to wait: nothing for the first failures, then a delay that doubles with each. */
export interface BackoffRule extends ScoreRule {
  /** Failures that cost nothing. */
  readonly freeFailures: number;
  /** The first delay in milliseconds; each further failure doubles it. */
  readonly firstDelayMs: number;
  /** The longest delay in milliseconds. */
  readonly maxDelayMs: number;
}

/** A place to lease: one of `limit` for a key. */
export interface LeasePlace {
  readonly key: string;
  /** A whole number, or `Infinity` for no limit. */
  readonly limit: number;
}

/** The places that one holder has leased. */
export interface Lease {
  /** Unique among all nodes and never used again, such as the id of a connection. */
  readonly holder: string;
  readonly keys: readonly string[];
}

/** What happens to a lease beyond the limit. */
export type LeaseOverflow = 'refuse' | 'replace-oldest';

/**
 * What somebody must meet to be admitted. Each part is optional and looked at in this order; those that only report are
 * answered, and refuse nothing.
 */
export interface Admission {
  /** One unit of a key in the windows of all rules, as {@link SecureWsStore.hit} takes it. */
  readonly rate?:
    { readonly key: string; readonly rules: readonly ThrottleRule[]; readonly isReported?: boolean } | undefined;
  /** A backoff that the key must not be in. */
  readonly backoff?:
    | {
        readonly key: string;
        readonly rule: BackoffRule;
        /** Windows of the same key that a key in backoff takes a unit from instead; it then passes. Read only when needed. */
        readonly allowance?: readonly ThrottleRule[] | undefined;
        readonly isReported?: boolean;
      }
    | undefined;
  /** An identity that must not be revoked by any of its keys. */
  readonly identity?:
    | {
        readonly keys: readonly string[];
        /** Milliseconds since 1970, by the clock of whoever issued it. */
        readonly issuedAt: number;
      }
    | undefined;
  /**
   * Places, all for one holder. A holder that has a place keeps it in the order and has its lease renewed; one that is
   * replaced is remembered for `ttlMs`, and {@link SecureWsStore.renew} tells it.
   */
  readonly lease?:
    | {
        readonly holder: string;
        readonly places: readonly LeasePlace[];
        /** When the lease lapses unless it is renewed: what a node that died held comes back. */
        readonly ttlMs: number;
        /** @default 'refuse' */
        readonly overflow?: LeaseOverflow;
      }
    | undefined;
}

/** The answer to {@link SecureWsStore.admit}. What comes after the part that refused was not looked at. */
export interface AdmissionAnswer {
  /** Only `true` admits. */
  readonly granted: boolean;
  /** The milliseconds until the windows have room; 0 where they had. */
  readonly rateWaitMs: number;
  /** For how many milliseconds the key is still in backoff; 0 where it is not, or has an allowance. */
  readonly backoffMs: number;
  readonly isRevoked: boolean;
  /** How many leases the key of each place has now, in the order of the places. */
  readonly held: readonly number[];
  /** The holders that lost a place for this one. They must be closed. Empty unless it was granted. */
  readonly replaced: readonly string[];
}

/** One revocation: identities of a key that were issued too early. */
export interface Revocation {
  readonly key: string;
  /**
   * Whatever was issued before this is revoked; milliseconds since 1970. `Number.MAX_SAFE_INTEGER`: everything. 0 takes an
   * earlier revocation of the key back.
   */
  readonly issuedBefore: number;
  /** When it may be forgotten: what it revokes has ended by then. */
  readonly ttlMs: number;
}

/** A part of the log of revocations. */
export interface RevocationBatch {
  /** The oldest first. */
  readonly entries: readonly Revocation[];
  /** Where to read on. Only the store knows what it means. */
  readonly position: string;
  /** Whether there is nothing more at the moment. */
  readonly isLast: boolean;
  /** Whether it goes on from the position that was asked for; `false` where the store does not know that one (it lost its data). */
  readonly isContinued: boolean;
}

/**
 * The answer to {@link SecureWsStore.renew}: `held` at every key; `replaced` at one of them by another holder; or
 * `unknown`: not all of them are held, and nobody took them (the store lost its data, or its clock stepped).
 */
export type LeaseState = 'held' | 'replaced' | 'unknown';

/** Why a store has no answer: it holds as many keys as it may; it cannot be reached or is too slow; it was closed. */
export type StoreFailure = 'full' | 'unavailable' | 'closed';

/** What another node may have written: revocations, or a message on the {@link ControlLine}. */
export type StoreNews = 'revocations' | 'control';

/** What in a store was not written by a node of this application. */
export type StoreForgery = 'revocation' | 'control-message' | 'node';

const MESSAGES: Readonly<Record<StoreFailure, string>> = Object.freeze({
  full: 'The store is full. Raise store.maxKeys, or find out who makes so many keys.',
  unavailable: 'The store did not answer. Check that it runs and can be reached from this node.',
  closed: 'The store is closed: the application is shutting down.',
});

/** Thrown by a {@link SecureWsStore} that has no answer. The caller then refuses: nothing is allowed by default. */
export class SecureWsStoreError extends Error {
  override readonly name = 'SecureWsStoreError';

  /** @param cause for the operator only; it may hold addresses or what a client sent. */
  constructor(
    readonly failure: StoreFailure,
    cause?: unknown,
  ) {
    super(MESSAGES[failure], cause === undefined ? undefined : { cause });
  }
}

/**
 * What the nodes of an application must agree on: rate windows, connection leases, scores, single-use values and revocations. Also
 * the injection token; the memory store is there by default, and one over Redis serves a cluster.
 *
 * Methods answer at once or with a promise, and callers take both. A method throws (or rejects with)
 * {@link SecureWsStoreError} when it has no answer, and its caller then refuses. Each call is one atomic step: it does all
 * that it says or nothing.
 *
 * Keys are `kind:value`, such as `address:192.0.2.1`; a shared store is given a hash for the value. Durations are in
 * milliseconds and measured by the store, never by comparing the clocks of two nodes.
 *
 * A store of your own must pass `describeStoreContract` of `@secure-ws/nestjs/testing`.
 */
export abstract class SecureWsStore {
  /** Whether other nodes count here as well. */
  get isShared(): boolean {
    return true;
  }

  /** Whether new handshakes may be admitted, for the first step of the handshake: `503` where not. */
  get admitsHandshakes(): boolean {
    return true;
  }

  /** For how many milliseconds it has not answered; 0 while it does. */
  get awayMs(): number {
    return 0;
  }

  /** Where nodes talk to each other; `undefined` for a store that has no such line, and each node then acts by itself. */
  get control(): ControlLine | undefined {
    return undefined;
  }

  /**
   * Calls a listener, which must not throw, whenever something is found that no node of this application has written. It is ignored
   * by then.
   *
   * @returns ends it.
   */
  onForged(_listener: (what: StoreForgery) => void): () => void {
    // Most stores cannot tell.
    return () => undefined;
  }

  /**
   * Calls a listener, which must not throw, as soon as something may have been written. It is a hint that makes nodes quick: one may be
   * lost, and anybody who can write to the store may give one. What counts is what stands in the logs, which are read in any case.
   *
   * @returns ends it.
   */
  onNews(_listener: (what: StoreNews) => void): () => void {
    // Most stores have to be asked.
    return () => undefined;
  }

  /** Whether {@link onNews} works at the moment, as far as the store can tell: the logs are then read twice a second, otherwise four times. */
  get hearsNews(): boolean {
    return false;
  }

  /** For what a store has to do from time to time; called several times a second by each application that uses it. */
  tick(): void {
    // Most stores have nothing to do.
  }

  /**
   * Takes `cost` units of a key in the windows of all rules, or of none. Units that are refused do not count. A list of
   * rules is counted as one: another list has windows of its own, also where it has rules in common.
   *
   * @param rules `name`, `limit`, `ttl` and `blockDuration` of each tell the list from others; `blockDuration` starts when
   * its own window has no room.
   * @param cost a whole number. @default 1
   * @returns 0 when taken; otherwise the milliseconds until as much would be taken.
   */
  abstract hit(key: string, rules: readonly ThrottleRule[], cost?: number): Awaitable<number>;

  /**
   * Admits somebody who meets every part, and takes what they ask for; or takes nothing of anything. One call for all of
   * them: a handshake asks once for its address and once for its principal.
   */
  abstract admit(admission: Admission): Awaitable<AdmissionAnswer>;

  /** Prolongs leases by `ttlMs` from now. @returns the state of each, in their order. */
  abstract renew(leases: readonly Lease[], ttlMs: number): Awaitable<readonly LeaseState[]>;

  /**
   * Gives a lease back; without one it does nothing. Whom it replaced, and who was not closed yet, may take its place
   * again ({@link renew} answers `unknown`), unless the holder was itself replaced.
   */
  abstract release(lease: Lease): Awaitable<void>;

  /** Adds to a key's score. @returns what it is then. */
  abstract charge(key: string, weight: number, rule: ScoreRule): Awaitable<number>;

  /**
   * Keeps a value that is to be used once, such as what a ticket stands for. A key that has one keeps it.
   *
   * Whatever is used once fails closed: a store that has no room refuses, and forgets nothing that is not over.
   *
   * @param value at most 16 KiB of text.
   * @param ttlMs when it is forgotten unless it was taken.
   * @returns `false` where the key has a value: the one who made it was first.
   */
  abstract put(key: string, value: string, ttlMs: number): Awaitable<boolean>;

  /** Takes a value away: of all who ask for it, on all nodes, one gets it. @returns `undefined` where there is none. */
  abstract take(key: string): Awaitable<string | undefined>;

  /**
   * Adds revocations to the log, all or none. A key that has one keeps the later date and the longer life; one that changes
   * nothing is no news.
   *
   * A store that has no room refuses, and forgets nothing that is not over. One that others can write to signs what it keeps, and
   * ignores what is not signed.
   */
  abstract revoke(revocations: readonly Revocation[]): Awaitable<void>;

  /**
   * Reads the log of revocations on from a position: nobody misses one, however long it was away.
   *
   * @param after the position of the last batch; `undefined` to begin with.
   * @param most how many at a time.
   */
  abstract revocations(after: string | undefined, most: number): Awaitable<RevocationBatch>;

  /** Ends the store. Called by its maker, after every connection is gone; a release after it is no error. */
  abstract close(): Awaitable<void>;
}
