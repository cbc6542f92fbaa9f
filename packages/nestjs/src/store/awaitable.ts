import { isPromiseLike } from '../internal/promise.js';

/** A value that may have to be waited for. The memory store answers at once, a shared store with a promise. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value, at once where it is there: no promise is made for a store that needs none. */
export function andThen<T, R>(value: Awaitable<T>, goOn: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? value.then((settled) => goOn(settled)) : goOn(value);
}
