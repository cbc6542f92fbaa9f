import { expectSoon } from './patience.js';

/** Keeps what arrives until somebody asks for it, so that nothing is lost between two awaits. */
export class WaitingQueue<T> {
  readonly #items: T[] = [];
  readonly #waiting: { resolve: (item: T) => void; reject: (reason: Error) => void }[] = [];
  #ended: Error | undefined;

  /** What has arrived and was not asked for. */
  get items(): readonly T[] {
    return this.#items;
  }

  /** Hands an item to the longest wait, or keeps it. */
  push(item: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#items.push(item);
    else next.resolve(item);
  }

  /** Nothing more will arrive: whoever waits, or asks once the queue is empty, gets `reason`. */
  end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  /** The next item. @throws Error that names `what` when none arrives. */
  async next(what: string): Promise<T> {
    if (this.#items.length > 0) return this.#items.shift() as T;
    if (this.#ended !== undefined) throw this.#ended;
    const arrival = new Promise<T>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    return expectSoon(arrival, what);
  }
}
