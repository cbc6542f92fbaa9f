import type { MessageReason } from '../events/event-reasons.js';
import { isPromiseLike } from '../core/awaitable.js';
import { hitStorage } from '../throttling/throttler-storage.js';
import { PayloadRefusal } from '../validation/payload-check.js';
import type { ConnectionPipeline } from './connection-pipeline.js';
import type { HandlerRun } from './handler-run.js';
import type { Refusal } from './pipeline-engine.js';
import type { RunningMessage } from './running-message.js';

/** The checks that may have to wait: the event's throttle, the payload, then the policies, which see it validated. */
export class MessageJudge {
  constructor(
    private readonly pipeline: ConnectionPipeline,
    private readonly run: HandlerRun,
  ) {}

  /** A policy or an asynchronous validator did not answer in time: it has refused (AZ-09). */
  onTimeout(message: RunningMessage): void {
    this.#denied(message, 'policy-timeout');
  }

  /** Judges a message that holds its slot, and hands it on. */
  judge(message: RunningMessage, data: unknown): void {
    const { engine } = this.pipeline;
    const { throttles } = message.handler.plan;
    const { storage } = engine.throttling;
    if (throttles.length === 0) {
      this.#validate(message, data);
      return;
    }
    const now = message.startedAt;
    if (storage === undefined) {
      this.#throttled(message, data, message.handler.throttle(now, this.pipeline.principal));
      return;
    }
    message.startDeadline(engine.judging, now);
    hitStorage(storage, `${message.principal.key}:${message.event}`, throttles).then(
      (wait) => {
        if (this.#resume(message)) this.#throttled(message, data, wait);
      },
      (error: unknown) => {
        if (this.#resume(message)) this.#judgementFailed(message, 'throttler-storage-failed', error);
      },
    );
  }

  #throttled(message: RunningMessage, data: unknown, wait: number): void {
    if (wait === 0) {
      this.#validate(message, data);
      return;
    }
    this.#settle(message, 'THROTTLED', 'event-throttle', { retryAfterMs: wait });
  }

  #validate(message: RunningMessage, data: unknown): void {
    const { payload, isReported } = message.handler.plan;
    if (isReported) message.data = data;
    if (payload === undefined) {
      this.#authorize(message);
      return;
    }
    let outcome: unknown;
    try {
      outcome = payload.check(data);
    } catch (error) {
      this.#judgementFailed(message, 'validator-failed', error);
      return;
    }
    if (isPromiseLike(outcome)) {
      message.startDeadline(this.pipeline.engine.judging, this.pipeline.engine.clock.monotonic());
      outcome.then(
        (value) => {
          if (this.#resume(message)) this.#validated(message, value);
        },
        (error: unknown) => {
          if (this.#resume(message)) this.#judgementFailed(message, 'validator-failed', error);
        },
      );
      return;
    }
    this.#validated(message, outcome);
  }

  #validated(message: RunningMessage, outcome: unknown): void {
    if (outcome instanceof PayloadRefusal) {
      if (this.#isOnlyReported(message, 'payload')) {
        this.#authorize(message);
        return;
      }
      const { issues, cause } = outcome;
      const correlationId = this.#settle(message, 'VALIDATION_FAILED', 'payload', { issues });
      // A validator that throws has refused; its author needs to know that it throws.
      if (cause !== undefined) this.pipeline.engine.faults.write(message.handler.plan.label, correlationId, cause);
      return;
    }
    message.data = outcome;
    this.pipeline.engine.validated?.add(outcome);
    this.#authorize(message);
  }

  #authorize(message: RunningMessage): void {
    const { authorization } = message.handler.plan;
    if (!authorization.hasPolicies) {
      this.run.start(message);
      return;
    }
    let answer: ReturnType<typeof authorization.ask>;
    try {
      answer = authorization.ask(message);
    } catch (error) {
      this.#judgementFailed(message, 'policy-failed', error);
      return;
    }
    if (isPromiseLike(answer)) {
      message.startDeadline(this.pipeline.engine.judging, this.pipeline.engine.clock.monotonic());
      answer.then(
        (grants) => {
          if (this.#resume(message)) this.#authorized(message, grants);
        },
        (error: unknown) => {
          if (this.#resume(message)) this.#judgementFailed(message, 'policy-failed', error);
        },
      );
      return;
    }
    this.#authorized(message, answer);
  }

  #authorized(message: RunningMessage, grants: readonly unknown[] | undefined): void {
    if (grants !== undefined) {
      message.grants = grants;
    } else if (!this.#isOnlyReported(message, 'policy')) {
      this.#denied(message, 'policy');
      return;
    }
    this.run.start(message);
  }

  /** Reports a refusal that is not carried out, because the gateway is still being migrated. */
  #isOnlyReported(message: RunningMessage, reason: MessageReason): boolean {
    if (!message.handler.plan.isReported) return false;
    const code = reason === 'payload' ? 'VALIDATION_FAILED' : 'FORBIDDEN';
    this.pipeline.engine.reportOnly(message.connection, { code, reason, event: message.event });
    return true;
  }

  /** After a wait: ends its deadline, and says whether the message may go on (AZ-15). */
  #resume(message: RunningMessage): boolean {
    if (message.isSettled) return false;
    message.endDeadline();
    message.startedAt = this.pipeline.engine.clock.monotonic();
    if (message.isCurrent) return true;
    message.isSettled = true;
    this.pipeline.releaseSlot(message);
    return false;
  }

  #judgementFailed(message: RunningMessage, reason: MessageReason, error: unknown): void {
    const correlationId = this.#denied(message, reason);
    this.pipeline.engine.faults.write(message.handler.plan.label, correlationId, error);
  }

  #denied(message: RunningMessage, reason: MessageReason): string {
    return this.#settle(message, 'FORBIDDEN', reason);
  }

  #settle(
    message: RunningMessage,
    code: Refusal['code'],
    reason: MessageReason,
    details: Partial<Refusal> = {},
  ): string {
    message.isSettled = true;
    this.pipeline.forgetAbort(message);
    const { id, event } = message;
    const correlationId = this.pipeline.refusals.answer({ code, reason, id, event, ...details });
    this.pipeline.releaseSlot(message);
    return correlationId;
  }
}
