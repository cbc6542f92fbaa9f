import type { ControlMessage } from './control-seal.js';

/** How old a message may be, and how far the clock of its node ahead, in milliseconds. */
const MAX_APART_MS = 60_000;

/** How many nodes are remembered: more than there are, those that have been restarted included. */
const MAX_NODES = 10_000;

/** What is thought of a genuine message. `old`: too late to be followed, or from a node with another time. */
export type Freshness = 'fresh' | 'old' | 'replayed';

/** Tells messages that are said for the first time from those that somebody has put onto the line again, or in another order. */
export class ReplayGuard {
  /** The last number and moment of each node, in the order in which they were heard. */
  readonly #last = new Map<string, { readonly seq: number; readonly until: number }>();

  /** @param now milliseconds since 1970. */
  judge({ node, seq, at }: Pick<ControlMessage, 'node' | 'seq' | 'at'>, now: number): Freshness {
    if (Math.abs(now - at) > MAX_APART_MS) return 'old';
    if (seq <= (this.#last.get(node)?.seq ?? 0)) return 'replayed';
    this.#last.delete(node);
    if (this.#last.size >= MAX_NODES) this.#forget(now);
    // To forget one that may still be replayed would let it be.
    if (this.#last.size >= MAX_NODES) return 'old';
    this.#last.set(node, { seq, until: Math.max(now, at) + MAX_APART_MS });
    return 'fresh';
  }

  /** What was said by a node that has been silent for so long is old by now. */
  #forget(now: number): void {
    for (const [node, { until }] of this.#last) if (until < now) this.#last.delete(node);
  }
}
