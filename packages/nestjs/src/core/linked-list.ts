/** An entry of a {@link LinkedList}; the list writes these fields. */
export interface Linked {
  previous: Linked | undefined;
  next: Linked | undefined;
}

/** A doubly linked list through the entries themselves: adding and removing cost no allocation, wherever the entry is. */
export class LinkedList<T extends Linked> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** The entry that was added first; `undefined` when the list is empty. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Adds an entry at the end. It must not be in a list. */
  add(entry: T): void {
    entry.previous = this.#last;
    entry.next = undefined;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size++;
  }

  /** Removes an entry. It must be in this list. */
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
}
