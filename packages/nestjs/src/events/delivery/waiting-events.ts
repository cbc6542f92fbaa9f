import { type Linked, LinkedList } from '../../core/linked-list.js';
import { causedBy } from '../event-cause.js';
import { rowOf, type SecurityEvent } from '../security-event.js';

/** The part of a queue that refusals may fill: strangers cause them, and must not crowd out the record of who came in. */
const SHARE_OF_REFUSALS = 1 / 4;

/** The part that they and the connections of strangers may fill together: what users do has a place beside them. */
const SHARE_OF_STRANGERS = 1 / 2;

/** The part that is kept for what is rare, such as the acts of operators: connections come and go as their clients like. */
const SHARE_OF_RARE = 1 / 8;

/** A list, because taking the first of a long array is a copy, and of a long `Set` a search (28 s for 100,000 events). */
interface Waiting extends Linked {
  readonly event: SecurityEvent;
}

/**
 * The events that wait for one sink, in their order: a bounded number, of which refusals have a quarter, and they and the
 * connections of strangers a half (F28). An eighth is kept for what is rare, and one place at least.
 */
export class WaitingEvents {
  readonly #events = new LinkedList<Waiting>();
  readonly #maxRefusals: number;
  readonly #maxOfStrangers: number;
  readonly #maxFrequent: number;
  #refusals = 0;
  #ofStrangers = 0;
  #frequent = 0;

  constructor(private readonly capacity: number) {
    this.#maxRefusals = Math.floor(capacity * SHARE_OF_REFUSALS);
    this.#maxOfStrangers = Math.floor(capacity * SHARE_OF_STRANGERS);
    this.#maxFrequent = capacity - Math.max(1, Math.floor(capacity * SHARE_OF_RARE));
  }

  get size(): number {
    return this.#events.size;
  }

  get isFull(): boolean {
    return this.size >= this.capacity;
  }

  /** Whether there is much room again for what strangers cannot cause, however much of theirs waits. */
  get isRelieved(): boolean {
    return this.size - this.#ofStrangers <= this.capacity / 4;
  }

  /** @returns whether there was room for it. */
  add(event: SecurityEvent): boolean {
    if (!this.#hasRoomFor(event)) return false;
    this.#count(event, 1);
    this.#events.add({ event, previous: undefined, next: undefined });
    return true;
  }

  /** Takes the first one. */
  take(): SecurityEvent | undefined {
    const { first } = this.#events;
    if (first === undefined) return undefined;
    this.#events.remove(first);
    this.#count(first.event, -1);
    return first.event;
  }

  #hasRoomFor(event: SecurityEvent): boolean {
    if (this.isFull) return false;
    if (isRare(event)) return true;
    if (this.#frequent >= this.#maxFrequent) return false;
    if (!isOfStrangers(event)) return true;
    if (this.#ofStrangers >= this.#maxOfStrangers) return false;
    return !isRefusal(event) || this.#refusals < this.#maxRefusals;
  }

  #count(event: SecurityEvent, by: 1 | -1): void {
    if (!isRare(event)) this.#frequent += by;
    if (isOfStrangers(event)) this.#ofStrangers += by;
    if (isRefusal(event)) this.#refusals += by;
  }
}

/** Whether strangers decide how many events of a type there are. */
export function isRefusal({ type }: SecurityEvent): boolean {
  return rowOf(type).volume === 'refusals';
}

/** Whether somebody without a credential can cause an event: a refusal, or a connection that nobody is known behind. */
export function isOfStrangers(event: SecurityEvent): boolean {
  return isRefusal(event) || (!isRare(event) && causedBy(event) === 'stranger');
}

function isRare({ type }: SecurityEvent): boolean {
  return rowOf(type).volume === 'rare';
}
