import type { SecurityEvent } from './security-event.js';

/** Events in their order, at most `capacity` of them. A ring, because taking the first of a long array is a copy. */
export class EventRing {
  readonly #events: (SecurityEvent | undefined)[] = [];
  #first = 0;
  #size = 0;

  constructor(private readonly capacity: number) {}

  /** How many events there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an event behind the others.
   *
   * @returns `false` where there is no room.
   */
  add(event: SecurityEvent): boolean {
    if (this.#size >= this.capacity) return false;
    this.#events[(this.#first + this.#size) % this.capacity] = event;
    this.#size++;
    return true;
  }

  /** Takes the first event away, if there is one. */
  take(): SecurityEvent | undefined {
    if (this.#size === 0) return undefined;
    const event = this.#events[this.#first];
    this.#events[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.capacity;
    this.#size--;
    return event;
  }
}
