import { Observable, type Subscriber } from 'rxjs';

/**
 * The values of an async iterable. Unsubscribing tells its iterator at once: `from()` of rxjs only looks when the next
 * value comes, so that a client could leave one behind with each connection, waiting for an event that is seldom.
 */
export function fromAsyncIterable(iterable: AsyncIterable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    const iterator = iterable[Symbol.asyncIterator]();
    void pump(iterator, subscriber);
    return () => {
      // Whatever the end of it throws is of no use to a connection that is gone.
      Promise.resolve()
        .then(() => iterator.return?.())
        .catch(() => undefined);
    };
  });
}

async function pump(iterator: AsyncIterator<unknown>, subscriber: Subscriber<unknown>): Promise<void> {
  try {
    while (!subscriber.closed) {
      const item: IteratorResult<unknown, unknown> = await iterator.next();
      if (item.done === true) break;
      subscriber.next(item.value);
    }
    subscriber.complete();
  } catch (error) {
    subscriber.error(error);
  }
}
