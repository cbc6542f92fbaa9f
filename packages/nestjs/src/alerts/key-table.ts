/** An entry of a {@link KeyTable}. */
export interface KeyEntry {
  readonly key: string;
  /** Monotonic moment of the last hit. */
  lastAt: number;
  /** Whether it must stay: an alert about it is under way. */
  isPinned: boolean;
  /** How much it has at a moment: the least is given up first. */
  used(now: number): number;
}

/** How many entries are compared when one has to go. */
const COMPARED = 8;

/**
 * A bounded number of keys. When it is full, a new key takes the place of the one that has least among the next few under a
 * hand that goes round: of equals, the one that has been quiet for longest.
 *
 * So a million addresses of one hit each push each other out, and not the one that has two: to lose a key, an attacker has
 * to bring an eighth of the table between two of its hits, and each of them with as many hits as it has. Rules over everybody
 * see such a flood long before.
 */
export class KeyTable<Entry extends KeyEntry> {
  readonly #entries: Entry[] = [];
  readonly #index = new Map<string, Entry>();
  #hand = 0;

  constructor(
    readonly maxKeys: number,
    private readonly make: (key: string) => Entry,
  ) {}

  /** How many keys there are. */
  get size(): number {
    return this.#entries.length;
  }

  /** The entry of a key, made where there is none; `undefined` where all that could go must stay. */
  take(key: string, now: number): Entry | undefined {
    let entry = this.#index.get(key);
    if (entry === undefined) {
      const slot = this.#entries.length < this.maxKeys ? this.#entries.length : this.#leastUsed(now);
      if (slot === undefined) return undefined;
      const out = this.#entries[slot];
      if (out !== undefined) this.#index.delete(out.key);
      entry = this.make(key);
      this.#entries[slot] = entry;
      this.#index.set(key, entry);
    }
    entry.lastAt = now;
    return entry;
  }

  #leastUsed(now: number): number | undefined {
    let least: number | undefined;
    let leastUsed = Infinity;
    let leastAt = Infinity;
    let compared = 0;
    for (let step = 0; step < this.#entries.length && compared < COMPARED; step++) {
      const slot = this.#hand;
      this.#hand = (this.#hand + 1) % this.#entries.length;
      const entry = this.#entries[slot] as Entry;
      if (entry.isPinned) continue;
      compared++;
      const used = entry.used(now);
      if (used > leastUsed || (used === leastUsed && entry.lastAt >= leastAt)) continue;
      [least, leastUsed, leastAt] = [slot, used, entry.lastAt];
    }
    return least;
  }
}
