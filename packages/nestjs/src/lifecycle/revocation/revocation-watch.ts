import type { CloseCodeName } from '@secure-ws/protocol';
import type { Clock } from '../../core/clock.js';
import { LogReader } from '../../core/log-reader.js';
import { ANONYMOUS_KIND, type Principal } from '../../core/principal.js';
import type { Revocation, SecureWsStore } from '../../store/secure-ws.store.js';
import { hashedKey, revocationKeysOf } from '../../store/store-keys.js';

/** How many entries of the log are read at once. */
const BATCH = 500;

/** A connection, as far as it can be revoked. */
export interface RevocableConnection {
  readonly principal: Principal;
  readonly isOpen: boolean;
  close(code: CloseCodeName): void;
}

/** The keys of a principal, as the log has them. Made when they are first needed: most connections are never asked. */
interface Known {
  readonly principal: Principal;
  readonly keys: readonly string[];
}

/** Closes the connections of this node that are revoked, here or at another node. */
export class RevocationWatch {
  readonly #known = new WeakMap<RevocableConnection, Known>();
  /** Dates by key, with the monotonic moment until which they are held against new connections. */
  readonly #recent = new Map<string, { readonly issuedBefore: number; readonly until: number }>();
  readonly #connections: (() => Iterable<RevocableConnection>)[];
  #position: string | undefined;
  readonly #reader = new LogReader(() => this.#readOn());

  /** @param holdMs for how long a revocation is held against connections, and identities of connections, that come now. */
  constructor(
    private readonly store: SecureWsStore,
    private readonly clock: Clock,
    private readonly holdMs: number,
    connections: () => Iterable<RevocableConnection>,
  ) {
    this.#connections = [connections];
  }

  /** Holds revocations against further connections. */
  watchAlso(connections: () => Iterable<RevocableConnection>): void {
    this.#connections.push(connections);
  }

  /** Reads on in the log that other nodes write to. Called by the coarse timer. */
  tick(now: number): void {
    for (const [key, { until }] of this.#recent) {
      if (until > now) break;
      this.#recent.delete(key);
    }
    // What is revoked at the only node there is has been applied.
    if (this.store.isShared) this.#reader.tick(now, this.store.hearsNews);
  }

  /** Another node has revoked something, it is said: a log-out there closes here at once, and within a second otherwise (SL-04). */
  hint(): void {
    if (this.store.isShared) this.#reader.hint();
  }

  /**
   * Holds revocations against the connections of this node.
   *
   * @returns how many it closed.
   */
  apply(revocations: readonly Revocation[]): number {
    if (revocations.length === 0) return 0;
    const until = this.clock.monotonic() + this.holdMs;
    const dates = new Map<string, number>();
    for (const { key, issuedBefore } of revocations) {
      dates.set(key, issuedBefore);
      // Deleted first: the map stays in the order of its moments.
      this.#recent.delete(key);
      this.#recent.set(key, { issuedBefore, until });
    }
    let closed = 0;
    for (const connection of this.#connections.flatMap((connections) => [...connections()])) {
      if (this.#close(connection, (key) => dates.get(key))) closed++;
    }
    return closed;
  }

  /** As {@link apply}, for revocations that this node makes. */
  applyOwn(revocations: readonly Revocation[]): number {
    return this.apply(
      this.store.isShared ? revocations.map((each) => ({ ...each, key: hashedKey(each.key) })) : revocations,
    );
  }

  /** Looks at a connection that is new here, or has a new identity: it may have been revoked since the store was asked. */
  check(connection: RevocableConnection): void {
    if (this.#recent.size > 0) this.#close(connection, (key) => this.#recent.get(key)?.issuedBefore);
  }

  #close(connection: RevocableConnection, dateOf: (key: string) => number | undefined): boolean {
    const { principal } = connection;
    if (!connection.isOpen || principal.kind === ANONYMOUS_KIND) return false;
    for (const key of this.#keysOf(connection)) {
      if (principal.issuedAt >= (dateOf(key) ?? -Infinity)) continue;
      connection.close(closeOf(key));
      return true;
    }
    return false;
  }

  #keysOf(connection: RevocableConnection): readonly string[] {
    const { principal } = connection;
    const known = this.#known.get(connection);
    if (known?.principal === principal) return known.keys;
    const plain = revocationKeysOf(principal);
    const keys = this.store.isShared ? plain.map(hashedKey) : plain;
    this.#known.set(connection, { principal, keys });
    return keys;
  }

  async #readOn(): Promise<void> {
    try {
      for (let isLast = false; !isLast;) {
        const batch = await this.store.revocations(this.#position, BATCH);
        this.apply(batch.entries);
        this.#position = batch.position;
        ({ isLast } = batch);
      }
    } catch {
      // A store without an answer is asked again from the same position: nothing is missed.
    }
  }
}

/** What a client is told: the kind of a key is its first word. */
function closeOf(key: string): CloseCodeName {
  if (key.startsWith('ban:')) return 'BANNED';
  return /^(?:session|subject|nameless):/.test(key) ? 'LOGGED_OUT' : 'REVOKED';
}
