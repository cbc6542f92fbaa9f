import type { Clock } from './clock.js';

/** A value that may have to be waited for. The memory store answers at once, a shared store with a promise. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value, at once where it is there: no promise is made for a store that needs none. */
export function andThen<T, R>(value: Awaitable<T>, goOn: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? value.then((settled) => goOn(settled)) : goOn(value);
}

/** Whether a value must be waited for. Steps that need no waiting cost no promise. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

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
