import type { SecureWsStore } from '../../store/secure-ws.store.js';
import { revocationKeys } from '../../store/store-keys.js';
import { CLOCK_TOLERANCE_MS } from './read-notice.js';

/** How many notices are under way together at most: of more, two deliveries of one are both acted on. */
const MAX_UNDER_WAY = 1000;

/** A notice that may be acted on once. */
export interface OnceOnly {
  /** What kind it is of: the ids of two kinds are apart. */
  readonly kind: string;
  readonly issuer: string;
  readonly jti: string;
  /** How old it may be, in milliseconds: it is remembered for longer. */
  readonly maxAgeMs: number;
}

/**
 * What became of a delivery: it was acted on (`done`), it came while another delivery of the notice was acted on and shares what
 * that one did (`shared`), or it came after (`replayed`).
 */
export type Delivery =
  { readonly outcome: 'done' | 'shared'; readonly connections: number } | { readonly outcome: 'replayed' };

/**
 * Acts on notices, on each once:
 *
 * - One that was acted on is revoked, as a token is: it is noted in the log of revocations, and to look there takes nothing away.
 *   So no replay is acted on again, however many come at once and at whatever node, and nodes that have read the log know it
 *   while a shared store is away.
 * - It is noted when all is done, and not before. A delivery that fails, or whose process dies, leaves nothing behind, and the
 *   server that was not answered may come again.
 * - Deliveries that come to one process while the first is under way wait for it and share what becomes of it, a failure too. At two nodes
 *   both are acted on, and both are told that it is done: what ends with a notice is older than it, so that the second ends nothing
 *   else. The same holds where the store cannot tell whether it is known.
 */
export class ActOnce {
  readonly #underWay = new Map<string, Promise<Delivery>>();

  constructor(
    private readonly store: SecureWsStore,
    /** Gets why a notice that was acted on could not be noted: a replay would then be acted on again, and end nothing else. */
    private readonly onNotNoted: (cause: unknown) => void,
  ) {}

  /** @throws what the work throws, or the store where it cannot tell; the notice may then come again. */
  async act(notice: OnceOnly, work: () => Promise<number>): Promise<Delivery> {
    const key = revocationKeys.notice(notice.kind, notice.issuer, notice.jti);
    const first = this.#underWay.get(key);
    if (first !== undefined) {
      const delivery = await first;
      return delivery.outcome === 'done' ? { ...delivery, outcome: 'shared' } : delivery;
    }
    const own = this.#act(key, notice.maxAgeMs + 2 * CLOCK_TOLERANCE_MS, work);
    if (this.#underWay.size >= MAX_UNDER_WAY) return own;
    this.#underWay.set(key, own);
    try {
      return await own;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #act(key: string, ttlMs: number, work: () => Promise<number>): Promise<Delivery> {
    let isKnown: boolean;
    try {
      ({ isRevoked: isKnown } = await this.store.admit({ identity: { keys: [key], issuedAt: 0 } }));
    } catch (cause) {
      await work();
      throw cause;
    }
    if (isKnown) return { outcome: 'replayed' };
    const connections = await work();
    try {
      await this.store.revoke([{ key, issuedBefore: Number.MAX_SAFE_INTEGER, ttlMs }]);
    } catch (cause) {
      // What is done is done: a server that were told otherwise would come again with a replay.
      this.onNotNoted(cause);
    }
    return { outcome: 'done', connections };
  }
}
