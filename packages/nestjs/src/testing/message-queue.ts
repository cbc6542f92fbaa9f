// Fake timers of a test runner replace the globals: the patience of a client must not stand still with them.
import { clearTimeout, setTimeout } from 'node:timers';

interface Waiting<T> {
  readonly matches: (item: T) => boolean;
  readonly resolve: (item: T) => void;
  readonly reject: (reason: Error) => void;
}

/** Keeps what arrives until a test asks for it, so that nothing is lost between two awaits. */
export class MessageQueue<T> {
  readonly #items: T[] = [];
  readonly #waiting = new Set<Waiting<T>>();
  #ended: Error | undefined;

  constructor(private readonly patienceMs: number) {}

  /** What has arrived and was not taken, oldest first. */
  get items(): readonly T[] {
    return [...this.#items];
  }

  /** Hands an item to the longest wait that it fits, or keeps it. */
  push(item: T): void {
    for (const waiting of this.#waiting) {
      if (!waiting.matches(item)) continue;
      waiting.resolve(item);
      return;
    }
    this.#items.push(item);
  }

  /** Nothing more will arrive: whoever waits, now or later, for what is not there gets `reason`. */
  end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of [...this.#waiting]) reject(reason);
  }

  /**
   * Takes the oldest item that fits, and waits for it where there is none.
   *
   * @throws Error that names `what` when none arrives in time.
   */
  take(matches: (item: T) => boolean, what: string): Promise<T> {
    const index = this.#items.findIndex(matches);
    if (index !== -1) return Promise.resolve(this.#items.splice(index, 1)[0] as T);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting<T> = {
        matches,
        resolve: (item) => {
          settle();
          resolve(item);
        },
        reject: (reason) => {
          settle();
          reject(reason);
        },
      };
      const timer = setTimeout(() => {
        waiting.reject(new Error(`Waited ${this.patienceMs} ms in vain for ${what}.`));
      }, this.patienceMs);
      this.#waiting.add(waiting);
    });
  }
}
