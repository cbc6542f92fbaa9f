/** An entry of a {@link DeadlineList}; the list writes these fields. */
export interface Deadline {
  due: number;
  previous: Deadline | undefined;
  next: Deadline | undefined;
}

/**
 * Deadlines of one fixed duration, in the order in which they fall due: a doubly linked list through the entries
 * themselves. Adding and removing cost no allocation and no timer; whoever owns the list calls {@link expire} from a
 * coarse timer.
 */
export class DeadlineList<T extends Deadline> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  constructor(
    /** In milliseconds. */
    readonly durationMs: number,
    private readonly onExpired: (entry: T) => void,
  ) {}

  /** How many deadlines are running. */
  get size(): number {
    return this.#size;
  }

  /** Starts a deadline at `now` (monotonic milliseconds). The entry must not be in a list. */
  add(entry: T, now: number): void {
    entry.due = now + this.durationMs;
    entry.previous = this.#last;
    entry.next = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size++;
  }

  /** Ends a deadline. The entry must be in this list. */
  remove(entry: T): void {
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next as T | undefined;
    else previous.next = next;
    if (next === undefined) this.#last = previous as T | undefined;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size--;
  }

  /** Removes every entry that is due and reports it. */
  expire(now: number): void {
    for (let entry = this.#first; entry !== undefined && entry.due <= now; entry = this.#first) {
      this.remove(entry);
      this.onExpired(entry);
    }
  }
}
