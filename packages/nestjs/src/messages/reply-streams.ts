import type { Observable, Subscription } from 'rxjs';
import type { ConnectionPipeline } from './connection-pipeline.js';
import type { HandlerRun } from './handler-run.js';
import type { RunningMessage } from './running-message.js';

/**
 * The streams of one connection: Observables and async iterables that its handlers returned. Each value is a reply with
 * the `id` of the request. They are capped, judged anew with each value, and end with the connection.
 */
export class ReplyStreams {
  readonly #streams = new Map<RunningMessage, Subscription>();

  constructor(
    private readonly pipeline: ConnectionPipeline,
    private readonly run: HandlerRun,
  ) {}

  /** Subscribes to what a handler returned. */
  open(message: RunningMessage, values: Observable<unknown>): void {
    const { engine, refusals } = this.pipeline;
    const { id, event, handler } = message;
    if (!message.isCurrent) {
      this.run.end(message);
      return;
    }
    if (this.#streams.size >= engine.options.maxStreams) {
      refusals.answer({
        code: 'OVERLOADED',
        reason: 'streams',
        id,
        event,
      });
      this.run.end(message);
      return;
    }
    // Without an interceptor the handler has run when its Observable is here. Behind one the Observable is cold: only its
    // first value, its completion or its error tells that the handler ran.
    if (!handler.plan.hasInterceptors) this.#started(message);
    let hasEnded = false;
    const ended = (): void => {
      hasEnded = true;
      this.#streams.delete(message);
      if (message.failure !== undefined) this.run.fail(message, message.failure.exception);
      else this.run.end(message);
    };
    const subscription = values.subscribe({
      next: (value) => {
        const isSent = this.run.reply(message, value);
        // After the reply: a slot that is given back lets the next message in, and a draining connection go.
        this.#started(message);
        if (!isSent) this.end(message);
      },
      error: (error: unknown) => {
        message.failure ??= { exception: error, isAnswered: false };
        ended();
      },
      complete: ended,
    });
    // A synchronous Observable has completed inside subscribe().
    if (!hasEnded && !subscription.closed) this.#streams.set(message, subscription);
    if (message.isSettled) this.end(message);
  }

  /**
   * Ends one stream.
   *
   * @returns whether there was one.
   */
  end(message: RunningMessage): boolean {
    const subscription = this.#streams.get(message);
    message.isSettled = true;
    if (subscription === undefined) return false;
    this.#streams.delete(message);
    subscription.unsubscribe();
    message.abort();
    this.pipeline.forgetAbort(message);
    return true;
  }

  /** Ends every stream. */
  dispose(): void {
    for (const message of [...this.#streams.keys()]) this.end(message);
  }

  #started(message: RunningMessage): void {
    message.endDeadline();
    this.pipeline.releaseSlot(message);
  }
}
