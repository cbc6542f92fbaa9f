import { type Linked, LinkedList } from '../core/linked-list.js';

/** An entry of a {@link PunishmentList}; the list writes the fields other than the key. */
export interface Punished extends Linked {
  readonly key: string;
  level: number;
}

/** How finely punishment is told apart. */
const LEVELS = 16;

/** Entries by how much they are punished, so that the one that is punished least is found at once, whatever their number. */
export class PunishmentList<T extends Punished> {
  readonly #levels = Array.from({ length: LEVELS }, () => new LinkedList<T>());

  /** Adds an entry, or moves it to where it belongs. @param share of the worst punishment, 0 to 1. */
  place(entry: T, share: number): void {
    const level = Math.min(LEVELS - 1, Math.max(0, Math.ceil(share * (LEVELS - 1))));
    if (entry.level === level) return;
    this.remove(entry);
    entry.level = level;
    this.#levels[level]?.add(entry);
  }

  /** Removes an entry. Twice is harmless. */
  remove(entry: T): void {
    this.#levels[entry.level]?.remove(entry);
    entry.level = -1;
  }

  /** The entry that is punished least; among equals the one that has been so for longest. */
  least(): T | undefined {
    return this.#levels.find(({ size }) => size > 0)?.first;
  }
}
