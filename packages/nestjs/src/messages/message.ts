import { isPromiseLike } from '../core/awaitable.js';
import type { Principal } from '../core/principal.js';
import { giveUp, takeHoldBriefly } from '../core/give-up.js';
import { holdStream } from '../core/streams.js';
import type { HandlerOf, SourceOf, StepOf } from './message-contracts.js';
import type { Waiting } from './message-engine.js';
import type { Refusal } from './refusal.js';
import { TimedMessage } from './timed-message.js';

/** A handler, with the checks that its messages pass before it is called. */
export type MessageHandler = HandlerOf<Message>;
/** One check of a message. */
export type MessageStep = StepOf<Message>;
/** The connection that a message came from, and that its answer goes to. */
export type MessageSource = SourceOf<Message>;

/** What {@link MessageStep.start} answers where the message waits for its slot. */
export const PARKED = Symbol('parked');

/**
 * One message, and the runner of its steps: synchronous until a step has to wait, then resumed. At most one deadline runs
 * for it, and {@link settle} alone ends slot, deadline, abort signal, answer and audit.
 */
export class Message extends TimedMessage {
  handler: MessageHandler | undefined = undefined;
  /** The connection's epoch when the message took its slot. */
  epoch = 0;
  /** The payload as it was sent, of a message for a gateway under migration. */
  sent: unknown = undefined;
  /** What the handler answered, until it goes out. */
  result: unknown = undefined;
  /** Whether its handler was called: it goes by what was granted then. */
  isHandled = false;
  holdsSlot = false;
  /** Whether the client has its answer. A handler past its deadline is answered, and goes on. */
  isAnswered = false;
  isSettled = false;

  #steps: readonly MessageStep[];
  #at = 0;
  /** The step that waits, if one does. */
  #awaited: MessageStep | undefined = undefined;

  constructor(
    readonly source: MessageSource,
    steps: readonly MessageStep[],
    /** What arrived: a frame, or the payload that another adapter has parsed. */
    public received: unknown,
    bytes: number,
    readonly isBinary: boolean,
    /** The number of the message on its connection; the first is 1. */
    readonly ordinal: number,
    startedAt: number,
  ) {
    super(source.engine, source.connection, bytes, startedAt);
    this.#steps = steps;
  }

  /** Whether it still waits for an answer, and nothing changed since it was judged (AZ-15). */
  override get isCurrent(): boolean {
    return !this.isAnswered && !this.isSettled && this.epoch === this.connection.epoch && this.connection.isOpen;
  }

  /** The payload that its handler is called with: what was validated, and under migration what the application's own pipes are for. */
  get handed(): unknown {
    return this.handler?.plan.isReported === true ? this.sent : this.data;
  }

  /** Is of another identity of the same sender from now on. */
  renew(principal: Principal): void {
    this.principal = principal;
    this.epoch = this.connection.epoch;
  }

  follow(handler: MessageHandler): void {
    this.handler = handler;
    this.observation?.follow(handler.plan.event, this.startedAt);
    this.#steps = handler.steps;
    this.#at = 0;
  }

  /** Copies a frame out of a larger chunk of a socket read, which it would pin as long as it waits. */
  unpin(maxChunk: number): void {
    const { received } = this;
    if (Buffer.isBuffer(received) && received.buffer.byteLength > maxChunk) this.received = Buffer.from(received);
  }

  /** Runs the steps until one waits or refuses, or all are done. */
  run(): void {
    const trace = this.observation?.trace;
    if (trace === undefined) this.#run();
    else trace.run(() => this.#run());
  }

  #run(): void {
    for (let step = this.#steps[this.#at]; step !== undefined; step = this.#steps[this.#at]) {
      this.#at++;
      try {
        const value = step.start(this);
        if (value === PARKED) return;
        if (isPromiseLike(value)) {
          this.#await(step, value);
          return;
        }
        if (!this.#conclude(step, step.finish(this, value))) return;
      } catch (error) {
        if (!this.#conclude(step, step.fail(this, error))) return;
      }
    }
    if (!this.isSettled) this.settle();
  }

  protected override onExpired(waiting: Waiting): void {
    if (waiting === 'judging') {
      // AZ-09: a policy or a validator that does not answer has refused.
      this.settle({ code: 'FORBIDDEN', reason: this.#awaited?.late?.(this) ?? 'policy-timeout' });
    } else if (waiting === 'overdue') {
      this.connection.close('INTERNAL');
      // Nobody knows whether it ever settles.
      this.observation?.end(true);
    } else {
      // Its slot stays taken until the handler ends: a limit that a clock frees is a fiction.
      this.#refuse({ code: 'TIMEOUT', reason: 'handler-timeout' });
      this.isAnswered = true;
      this.abort();
      // A stream that has not begun ends with that; anything else has the same time once more.
      if (!this.source.endStream(this)) this.startDeadline('overdue', this.source.engine.clock.monotonic());
    }
  }

  /** Gives the slot back: the next message may run. */
  releaseSlot(): void {
    if (!this.holdsSlot) return;
    this.holdsSlot = false;
    this.source.releaseSlot();
  }

  /**
   * Ends the message. Later calls do nothing.
   *
   * @param refusal audited, and answered unless the client has had its answer or is gone.
   */
  settle(refusal?: Refusal): void {
    if (this.isSettled) return;
    try {
      if (refusal !== undefined) this.#refuse(refusal);
    } finally {
      // Whatever an answer may throw: a slot that is never given back stops the connection for good.
      this.isSettled = true;
      this.endDeadline();
      if (this.result !== undefined) this.#giveUpResult();
      // What a schema has made, and a policy granted, for a handler that does not run.
      if (!this.isHandled) {
        takeHoldBriefly(this.data);
        takeHoldBriefly(this.grants);
      }
      this.source.forgetAbort(this);
      this.observation?.end(this.isHandled);
      this.releaseSlot();
    }
  }

  /** Takes what the handler answered: from now on whoever sends it frees it. */
  takeResult(): unknown {
    const { result } = this;
    this.result = undefined;
    return result;
  }

  /** SL-12: a stream that was judged again, and refused, has nobody who would end it. */
  #giveUpResult(): void {
    giveUp(this.takeResult());
    this.abort();
  }

  #refuse(refusal: Refusal): void {
    this.observation?.refuse(refusal);
    this.source.refuse(this, refusal);
  }

  override watchAnswer(): () => boolean {
    return this.source.watchAnswer(this);
  }

  protected override onListenerFailed(error: unknown): void {
    this.source.engine.parts.faults.write(this.handler?.plan.label ?? 'signal', '', error);
  }

  protected override onSignalTaken(): void {
    if (!this.isSettled) this.source.keepForAbort(this);
  }

  #await(step: MessageStep, value: PromiseLike<unknown>): void {
    this.#awaited = step;
    this.startDeadline(step.deadline ?? 'judging', this.startedAt);
    // A promise of ours: another's then() may call back twice, and the second call would meet a later step.
    Promise.resolve(value).then(
      (settled) => this.#fulfilled(step, settled),
      (error: unknown) => this.#rejected(step, error),
    );
  }

  #fulfilled(step: MessageStep, value: unknown): void {
    // A message of another adapter is current after its end too: Nest runs its handler then.
    if (this.isSettled) {
      giveUp(value);
      return;
    }
    this.resume();
    // AZ-15: the connection has ended meanwhile, or may do something else than before.
    const isRenewed = !this.isCurrent && this.source.isRenewed(this);
    const { roles } = this.principal;
    if (isRenewed) this.renew(this.connection.principal);
    else if (!this.isCurrent) {
      giveUp(value);
      this.settle();
      return;
    }
    let refusal: Refusal | undefined;
    try {
      refusal = step.finish(this, value);
    } catch (error) {
      // A proxy whose traps throw: looking at it from here would be an unhandled rejection.
      refusal = step.fail(this, error);
    }
    if (!this.#conclude(step, refusal)) return;
    if (isRenewed && this.#isClosedBy(roles)) this.settle({ code: 'FORBIDDEN', reason: 'claims' });
    else {
      if (isRenewed) {
        // A file that cannot be opened says so while its message is judged.
        holdStream(this.result);
        this.#judgeAgain();
      }
      this.run();
    }
  }

  /** AZ-07: whether a payload that was checked, and maybe handled, may hold what the sender of now may not send. */
  #isClosedBy(before: readonly string[]): boolean {
    const isChecked = !this.#steps.slice(this.#at).some(({ name }) => name === 'validate');
    const { payload, isReported = false } = this.handler?.plan ?? {};
    return isChecked && !isReported && payload?.isAsOpen(before, this.principal.roles) === false;
  }

  /** SL-11: roles, scopes and policies once more, before whatever comes next; a handler that has run does not run again. */
  #judgeAgain(): void {
    const rest = this.#steps.slice(this.#at);
    const names = ['claims', 'step-up', ...(rest.some(({ name }) => name === 'policies') ? [] : ['policies'])];
    this.#steps = [...(this.handler?.steps ?? []).filter(({ name }) => names.includes(name)), ...rest];
    this.#at = 0;
  }

  #rejected(step: MessageStep, error: unknown): void {
    if (this.isSettled) {
      takeHoldBriefly(error);
      return;
    }
    this.resume();
    const refusal = this.#lostWhileWaiting() ?? step.fail(this, error);
    if (!this.isCurrent) this.settle(refusal);
    else if (this.#conclude(step, refusal)) this.run();
  }

  /** SL-11: what a handler throws may say as much as its answer, and is not for who may not have that any more. */
  #lostWhileWaiting(): Refusal | undefined {
    const isRenewed = this.isHandled && !this.isCurrent && this.source.isRenewed(this);
    if (!isRenewed || this.handler?.plan.isReported === true) return undefined;
    const { roles } = this.principal;
    this.renew(this.connection.principal);
    if (this.#isClosedBy(roles)) return { code: 'FORBIDDEN', reason: 'claims' };
    for (const { name, start } of this.handler?.steps ?? []) {
      const refusal = name === 'claims' || name === 'step-up' ? start(this) : undefined;
      if (refusal !== undefined) return refusal as Refusal;
    }
    return undefined;
  }

  /** @returns whether the message goes on. */
  #conclude(step: MessageStep, refusal: Refusal | undefined): boolean {
    if (this.isSettled) return false;
    if (refusal === undefined) return true;
    if (step.isReportable === true && this.handler?.plan.isReported === true) {
      this.source.engine.report(this.connection, refusal, this.handler.plan, true);
      return true;
    }
    this.settle(refusal);
    return false;
  }
}
