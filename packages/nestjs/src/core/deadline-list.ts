import { type Linked, LinkedList } from './linked-list.js';

/** An entry of a {@link DeadlineList}; the list writes these fields. */
export interface Deadline extends Linked {
  due: number;
}

/**
 * Deadlines of one fixed duration, in the order in which they fall due. They need no timer: whoever owns the list calls
 * {@link expire} from a coarse timer.
 */
export class DeadlineList<T extends Deadline> {
  readonly #entries = new LinkedList<T>();

  constructor(
    /** In milliseconds. */
    readonly durationMs: number,
    private readonly onExpired: (entry: T) => void,
  ) {}

  /** How many deadlines are running. */
  get size(): number {
    return this.#entries.size;
  }

  /** Starts a deadline at `now` (monotonic milliseconds). The entry must not be in a list. */
  add(entry: T, now: number): void {
    entry.due = now + this.durationMs;
    this.#entries.add(entry);
  }

  /** Ends a deadline. The entry must be in this list. */
  remove(entry: T): void {
    this.#entries.remove(entry);
  }

  /** Removes the entries that are due, the oldest first and at most `most` of them, and reports each. */
  expire(now: number, most = Infinity): void {
    for (let left = most; left > 0; left--) {
      const entry = this.#entries.first;
      if (entry === undefined || entry.due > now) return;
      this.remove(entry);
      this.onExpired(entry);
    }
  }
}
