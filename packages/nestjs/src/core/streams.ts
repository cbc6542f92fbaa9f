import { isObservable } from 'rxjs';

/** Whether a value is sent as a stream. */
export function isStream(value: unknown): boolean {
  return isObservable(value) || isAsyncIterable(value);
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Held before: what many values hold would gather a listener with each of them. */
const HELD = new WeakSet();

/** Keeps the failure of what may be a `Readable` away from the process until somebody reads it. Never throws. */
export function holdStream(value: unknown): void {
  try {
    if (!isAsyncIterable(value) || HELD.has(value)) return;
    HELD.add(value);
    containErrors(value);
  } catch {
    // A proxy.
  }
}

/**
 * Keeps the failure of a `Readable` away from the process: one that opens a file emits `error` later than it is made, and
 * its iterator only listens from the first `next()` to the end. The listener stays: it may fail after it was destroyed, too.
 *
 * @param onError told of an error; the iterator may tell the same.
 */
export function containErrors(
  iterable: AsyncIterable<unknown>,
  onError: (error: unknown) => void = () => undefined,
): void {
  const { on, destroy } = iterable as { on?: unknown; destroy?: unknown };
  if (typeof on === 'function' && typeof destroy === 'function') on.call(iterable, 'error', onError);
}

/**
 * Tells an iterable to end: a `Readable` by itself, anything else through its iterator. One that waits inside `next()` hears
 * it afterwards only: for that there is the abort signal.
 *
 * @returns when it has ended; never rejects.
 */
export function endIterable(
  iterable: AsyncIterable<unknown>,
  begun: AsyncIterator<unknown> | undefined,
): Promise<unknown> {
  return Promise.resolve()
    .then(() => {
      const { destroy } = iterable as { destroy?: unknown };
      if (typeof destroy === 'function') return destroy.call(iterable) as unknown;
      return (begun ?? iterable[Symbol.asyncIterator]()).return?.();
    })
    .catch(() => undefined);
}
