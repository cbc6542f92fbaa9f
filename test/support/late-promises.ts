import { watchForCrashes } from './crash-watch.js';
import { deferred, type Deferred } from './deferred.js';

/** Promises that the application of a spec makes and nobody waits for. They reject when the client has its answer. */
export class LatePromises {
  readonly #open: Deferred<never>[] = [];

  /** How many were made since {@link begin}. */
  get count(): number {
    return this.#open.length;
  }

  /** Makes one. */
  readonly later = (): Promise<never> => {
    const promise = deferred<never>();
    this.#open.push(promise);
    return promise.promise;
  };

  /** Forgets those of the test before. @returns what would end the process, as {@link watchForCrashes} says. */
  begin(): readonly unknown[] {
    this.#open.length = 0;
    return watchForCrashes();
  }

  /** Rejects all of them. Whoever does not hold one is among the crashes after a round trip. @returns how many there were. */
  rejectAll(): number {
    for (const promise of this.#open) promise.reject(new Error('too late'));
    return this.count;
  }
}
