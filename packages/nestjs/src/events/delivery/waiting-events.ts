import { type Linked, LinkedList } from '../../core/linked-list.js';
import { rowOf, type SecurityEvent } from '../security-event.js';

/** The part of a queue that refusals may fill: strangers cause them, and must not crowd out the record of who came in. */
const SHARE_OF_REFUSALS = 1 / 4;

/** A list, because taking the first of a long array is a copy, and of a long `Set` a search (28 s for 100,000 events). */
interface Waiting extends Linked {
  readonly event: SecurityEvent;
}

/** The events that wait for one sink, in their order: a bounded number, of which refusals have a quarter (F28). */
export class WaitingEvents {
  readonly #events = new LinkedList<Waiting>();
  #refusals = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.#events.size;
  }

  get isFull(): boolean {
    return this.size >= this.capacity;
  }

  /** Whether there is much room again. */
  get isHalfEmpty(): boolean {
    return this.size <= this.capacity / 2;
  }

  /** @returns whether there was room for it. */
  add(event: SecurityEvent): boolean {
    if (this.isFull) return false;
    if (isRefusal(event)) {
      if (this.#refusals + 1 > this.capacity * SHARE_OF_REFUSALS) return false;
      this.#refusals++;
    }
    this.#events.add({ event, previous: undefined, next: undefined });
    return true;
  }

  /** Takes the first one. */
  take(): SecurityEvent | undefined {
    const { first } = this.#events;
    if (first === undefined) return undefined;
    this.#events.remove(first);
    if (isRefusal(first.event)) this.#refusals--;
    return first.event;
  }
}

/** Whether strangers decide how many events of a type there are. */
export function isRefusal({ type }: SecurityEvent): boolean {
  return rowOf(type).volume === 'refusals';
}
