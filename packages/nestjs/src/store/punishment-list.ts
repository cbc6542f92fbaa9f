/** An entry of a {@link PunishmentList}; the list writes the fields other than the key. */
export interface Punished {
  readonly key: string;
  level: number;
  previous: Punished | undefined;
  next: Punished | undefined;
}

/** How finely punishment is told apart. */
const LEVELS = 16;

interface Ends {
  first: Punished | undefined;
  last: Punished | undefined;
}

/**
 * Entries by how much they are punished, so that the one that is punished least is found at once, whatever their number.
 *
 * Levels hold doubly linked lists through the entries themselves: moving one costs no allocation.
 */
export class PunishmentList {
  readonly #levels: readonly Ends[] = Array.from({ length: LEVELS }, () => ({ first: undefined, last: undefined }));

  /** Adds an entry, or moves it to where it belongs. @param share of the worst punishment, 0 to 1. */
  place(entry: Punished, share: number): void {
    const level = Math.min(LEVELS - 1, Math.max(0, Math.ceil(share * (LEVELS - 1))));
    if (entry.level === level) return;
    this.remove(entry);
    entry.level = level;
    const ends = this.#levels[level] as Ends;
    entry.previous = ends.last;
    if (ends.last === undefined) ends.first = entry;
    else ends.last.next = entry;
    ends.last = entry;
  }

  /** Removes an entry. Twice is harmless. */
  remove(entry: Punished): void {
    const ends = this.#levels[entry.level];
    if (ends === undefined) return;
    const { previous, next } = entry;
    if (previous === undefined) ends.first = next;
    else previous.next = next;
    if (next === undefined) ends.last = previous;
    else next.previous = previous;
    entry.level = -1;
    entry.previous = undefined;
    entry.next = undefined;
  }

  /** The entry that is punished least; among equals the one that has been so for longest. */
  least(): Punished | undefined {
    return this.#levels.find(({ first }) => first !== undefined)?.first;
  }
}
