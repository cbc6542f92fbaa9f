import { isObservable, type Subscription } from 'rxjs';
import { andThen, isPromiseLike } from '../core/awaitable.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { mapException, refusalOfFailure } from './exception-mapping.js';
import { giveUp } from '../core/give-up.js';
import { containErrors, endIterable, isStream } from '../core/streams.js';
import { endFrame } from './frames.js';
import type { Message } from './message.js';

/**
 * A stream that a handler returned: an Observable, which pushes, or an async iterable, which is asked only while the client
 * keeps up. Each value is a reply with the `id` of the request, the last frame says `"end": true`. Each value is judged
 * before it leaves.
 */
export class ReplyStream {
  #subscription: Subscription | undefined;
  #pulled: { readonly iterable: AsyncIterable<unknown>; readonly iterator: AsyncIterator<unknown> } | undefined;
  #isOver = false;
  /** An Observable has completed whose iterable is still being read. */
  #isCompleting = false;
  /** The first value behind an interceptor, which may be all that the handler returned. */
  #held: { readonly value: unknown } | undefined;
  #isCold: boolean;

  constructor(
    private readonly message: Message,
    private readonly connection: ManagedConnection,
    /** Sends one value. @returns `false` when it could not be sent, and never will be. */
    private readonly send: (value: unknown) => boolean,
    /** Told when it is over, and where its iterable has still to end, of that. */
    private readonly onOver: (ended: Promise<unknown> | undefined) => void,
  ) {
    this.#isCold = message.handler?.plan.hasInterceptors === true;
  }

  begin(source: unknown): void {
    const { message } = this;
    // Without an interceptor the handler has run when its stream is here. Behind one the Observable is cold: only its
    // first value, its completion or its error tells that the handler ran.
    if (this.#isCold) message.startDeadline('handling', message.startedAt);
    else this.#started();
    try {
      if (!isObservable(source)) {
        this.#pull(source as AsyncIterable<unknown>);
        return;
      }
      const subscription = source.subscribe({
        next: (value) => this.#next(value),
        error: (error: unknown) => this.#fail(error),
        complete: () => {
          this.#isCompleting = true;
          // Before rxjs does it: a teardown that throws would come out of whatever completed the source (F17).
          this.#unsubscribe();
          if (this.#pulled === undefined) this.complete();
        },
      });
      // A synchronous Observable has ended inside subscribe().
      this.#subscription = subscription;
      if (this.#isOver) this.#unsubscribe();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The source has no more values. */
  complete(): void {
    const { message } = this;
    if (this.#isOver) return;
    if (message.failure !== undefined) {
      this.#fail(message.failure.exception);
      return;
    }
    this.#isOver = true;
    const { id, handler } = message;
    // One value that comes together with the end is what Nest makes of a handler that returned no stream.
    if (this.#held !== undefined) this.send(this.#held.value);
    else if (id !== undefined && message.isCurrent) {
      this.connection.offer(endFrame(handler?.plan.eventJson ?? '""', id), handler?.plan.event ?? '');
    }
    this.#close();
    message.settle();
  }

  /** The client wants no more values. */
  cancel(): void {
    this.message.abort();
    this.complete();
  }

  /** Nobody wants the values any more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.message.abort();
    this.#close();
    this.message.settle();
  }

  #next(value: unknown): void {
    if (this.#isOver) {
      giveUp(value);
      return;
    }
    try {
      if (isPromiseLike(value)) {
        giveUp(value);
        throw new TypeError('A value of a stream is a promise: use mergeMap() in place of map(), or await it.');
      }
      if (isStream(value)) {
        // F20: Nest hands a generator behind an interceptor on as if it were the one value of the handler.
        this.#nest(value);
        return;
      }
      if (this.#isCold) {
        this.#isCold = false;
        this.#held = { value };
        queueMicrotask(() => this.#release());
        return;
      }
      this.#release();
      this.#emit(value);
    } catch (error) {
      // rxjs would report what an observer throws as an uncaught exception (F17).
      this.#fail(error);
    }
  }

  /** The stream goes on after its first value: it is one. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && !this.#isOver) this.#emit(held.value);
  }

  #emit(value: unknown): void {
    try {
      const isSent = this.send(value);
      // After the reply: a slot that is given back lets the next message in, and a draining connection go.
      this.#started();
      if (!isSent) this.end();
    } catch (error) {
      // rxjs would report what an observer throws as an uncaught exception (F17).
      this.#fail(error);
    }
  }

  #nest(value: unknown): void {
    this.#isCold = false;
    if (this.#pulled !== undefined || isObservable(value)) {
      giveUp(value);
      throw new TypeError('A stream whose values are streams can hold one async iterable, and nothing beside it.');
    }
    this.#started();
    this.#pull(value as AsyncIterable<unknown>);
  }

  #pull(iterable: AsyncIterable<unknown>): void {
    containErrors(iterable, (error) => this.#fail(error));
    const iterator = iterable[Symbol.asyncIterator]();
    this.#pulled = { iterable, iterator };
    void this.#pump(iterator);
  }

  async #pump(iterator: AsyncIterator<unknown>): Promise<void> {
    try {
      while (!this.#isOver) {
        if (!this.connection.canSend) await new Promise<void>((resolve) => this.connection.onDrain(resolve));
        // Anything may have happened meanwhile.
        if (this.#hasEnded()) return;
        const item: IteratorResult<unknown, unknown> = await iterator.next();
        if (item.done === true) break;
        this.#next(item.value);
      }
      this.#pulled = undefined;
      if (this.#subscription === undefined || this.#isCompleting) this.complete();
    } catch (error) {
      this.#fail(error);
    }
  }

  #hasEnded(): boolean {
    return this.#isOver;
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { message } = this;
    this.#close();
    const { failure } = message;
    if (failure === undefined) {
      message.settle(mapException(error));
      return;
    }
    if (typeof failure.isAnswered !== 'boolean') message.startDeadline('handling', message.startedAt);
    void andThen(failure.isAnswered, (isAnswered) => message.settle(refusalOfFailure(message, isAnswered)));
  }

  #started(): void {
    this.message.endDeadline();
    this.message.releaseSlot();
  }

  #close(): void {
    const pulled = this.#pulled;
    this.onOver(pulled === undefined ? undefined : endIterable(pulled.iterable, pulled.iterator));
    this.#unsubscribe();
  }

  /** F17: a teardown of the application that throws must not end the process, nor keep the close from going on. */
  #unsubscribe(): void {
    try {
      this.#subscription?.unsubscribe();
    } catch (error) {
      const { handler, source } = this.message;
      source.engine.parts.faults.write(handler?.plan.label ?? 'stream', '', error);
    }
  }
}
