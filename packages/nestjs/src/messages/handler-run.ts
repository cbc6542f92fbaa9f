import { isObservable, type Observable } from 'rxjs';
import type { WsErrorCode } from '@secure-ws/protocol';
import type { MessageReason } from '../events/event-reasons.js';
import { isPromiseLike } from '../core/awaitable.js';
import { fromAsyncIterable } from './async-values.js';
import type { ConnectionPipeline } from './connection-pipeline.js';
import { mapException } from './exception-mapping.js';
import { replyFrame } from './frames.js';
import { ReplyStreams } from './reply-streams.js';
import type { RunningMessage } from './running-message.js';

/** Runs the handlers of one connection through Nest's own chain, and turns their results into replies. */
export class HandlerRun {
  #streams: ReplyStreams | undefined;

  constructor(private readonly pipeline: ConnectionPipeline) {}

  /** Calls Nest's chain: guards, interceptors and pipes of the application, then the handler. */
  start(message: RunningMessage): void {
    const { engine } = this.pipeline;
    // AZ-15: a policy may have closed the connection, or changed what it may do, without ever waiting.
    if (!message.isCurrent) {
      this.end(message);
      return;
    }
    message.startDeadline(engine.handling, message.startedAt);
    let result: unknown;
    try {
      result = message.handler.callback(message.data, message.event, message);
    } catch (error) {
      this.fail(message, error);
      return;
    }
    this.#await(message, result);
  }

  /** Answers `TIMEOUT`. The slot stays taken until the handler ends: a limit that a clock frees is a fiction. */
  onTimeout(message: RunningMessage): void {
    const { engine, refusals } = this.pipeline;
    const { id, event } = message;
    message.isSettled = true;
    message.abort();
    refusals.answer({ code: 'TIMEOUT', reason: 'handler-timeout', id, event });
    if (this.#streams?.end(message) === true) this.pipeline.releaseSlot(message);
    else message.startDeadline(engine.overdue, engine.clock.monotonic());
  }

  /** Ends every stream. */
  dispose(): void {
    this.#streams?.dispose();
  }

  /**
   * Sends one value of a handler.
   *
   * @returns `false` when it could not be sent, and never will be.
   */
  reply(message: RunningMessage, value: unknown): boolean {
    if (!message.isCurrent) return false;
    let text: string | undefined;
    try {
      text = replyFrame(message.handler.plan.eventJson, message.id, value);
    } catch (error) {
      // DR-14: a BigInt, a cycle or a throwing getter in a result ends the process in bare Nest.
      this.#refuseFault(message, 'INTERNAL', 'reply-not-serialisable', error);
      return false;
    }
    return text === undefined || message.connection.sendText(text);
  }

  /** Answers what the handler, or Nest's chain around it, threw. */
  fail(message: RunningMessage, exception: unknown): void {
    if (message.isCurrent && message.failure?.isAnswered !== true) this.#refuseException(message, exception);
    this.end(message);
  }

  /** The handler has ended: gives back its slot. */
  end(message: RunningMessage): void {
    message.isSettled = true;
    message.endDeadline();
    this.pipeline.forgetAbort(message);
    this.pipeline.releaseSlot(message);
  }

  #await(message: RunningMessage, result: unknown): void {
    if (!isPromiseLike(result)) {
      this.#returned(message, result);
      return;
    }
    result.then(
      (value) => {
        this.#returned(message, value);
      },
      (error: unknown) => {
        this.fail(message, error);
      },
    );
  }

  #returned(message: RunningMessage, value: unknown): void {
    if (message.failure !== undefined) {
      this.fail(message, message.failure.exception);
      return;
    }
    let values: Observable<unknown> | undefined;
    try {
      values = valuesOf(value);
    } catch (error) {
      // A proxy whose traps throw: looking at it from here would be an unhandled rejection.
      this.fail(message, error);
      return;
    }
    if (values !== undefined) {
      this.#openStreams().open(message, values);
      return;
    }
    this.reply(message, value);
    this.end(message);
  }

  #openStreams(): ReplyStreams {
    return (this.#streams ??= new ReplyStreams(this.pipeline, this));
  }

  #refuseException(message: RunningMessage, exception: unknown): void {
    const { code, isFault, retryAfterMs, issues } = mapException(exception);
    if (isFault) {
      this.#refuseFault(message, code, 'handler-failed', exception);
      return;
    }
    const { id, event } = message;
    this.pipeline.refusals.answer({
      code,
      reason: 'application',
      id,
      event,
      retryAfterMs,
      issues,
    });
  }

  #refuseFault(message: RunningMessage, code: WsErrorCode, reason: MessageReason, exception: unknown): void {
    const { engine, refusals } = this.pipeline;
    const { id, event } = message;
    const correlationId = refusals.answer({ code, reason, id, event });
    engine.faults.write(message.handler.plan.label, correlationId, exception);
  }
}

/** The values of a stream; `undefined` for what is one value. */
function valuesOf(value: unknown): Observable<unknown> | undefined {
  if (isObservable(value)) return value;
  return isAsyncIterable(value) ? fromAsyncIterable(value) : undefined;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
