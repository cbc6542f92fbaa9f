import type { Clock } from '../internal/clock.js';

/**
 * Waits for work, but no longer than `delayMs`.
 *
 * The work itself is not ended by its deadline; what it yields or throws afterwards is dropped, without an unhandled
 * rejection. The timer never outlives the call.
 *
 * @returns what the work yields, or `late` when time is up first.
 * @throws what the work throws in time.
 */
export function withDeadline<T>(work: Promise<T>, delayMs: number, clock: Clock, late: T): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(delayMs, () => {
      resolve(late);
    });
    work.then(resolve, reject).finally(cancel);
  });
}
