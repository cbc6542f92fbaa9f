import { WsRefusalException } from '../core/ws-application.error.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import { Message, type MessageHandler, type MessageSource, type MessageStep } from '../messages/message.js';
import { ARRIVAL_STEPS, judgingStepsOf } from '../messages/message-steps.js';
import type { Refusal } from '../messages/refusal.js';
import { measurePayload } from './parsed-payload.js';

/** A refusal on its way through Nest to the filter, with the id under which it is audited. */
export class AuditedRefusal extends WsRefusalException {
  constructor(
    readonly refusal: Refusal,
    readonly correlationId: string,
  ) {
    super(refusal.code);
  }
}

/** One call of a handler through another adapter: a message whose handler Nest calls, so that its end cannot be seen. */
export class ForeignCall extends Message {
  /** Settles when every step is done. @throws {WsRefusalException} when one of them refuses. */
  readonly judged: Promise<Message>;
  /** What is wrong with the payload: said in its turn, after the limits. */
  readonly payloadRefusal: Refusal | undefined;
  #resolve: (message: Message) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(
    source: MessageSource,
    readonly target: MessageHandler,
    payload: unknown,
    ordinal: number,
    private readonly gone: AbortSignal,
  ) {
    const { clock, settings } = source.engine;
    const { bytes, refusal } = measurePayload(payload, settings.validation);
    super(source, ARRIVAL_STEPS, payload, bytes, false, ordinal, clock.monotonic());
    this.payloadRefusal = refusal;
    this.judged = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get isCurrent(): boolean {
    return this.epoch === this.connection.epoch && this.connection.isOpen;
  }

  /** One for all messages of a socket: it fires when the socket is gone. */
  override get signal(): AbortSignal {
    return this.gone;
  }

  /** Every step has let the message on. */
  pass(): void {
    this.isHandled = true;
    this.#resolve(this);
  }

  reject(refusal: Refusal, correlationId: string): void {
    this.#reject(new AuditedRefusal(refusal, correlationId));
  }

  override settle(refusal?: Refusal): void {
    super.settle(refusal);
    // After an outcome this says nothing new.
    this.#reject(new WsRefusalException('FORBIDDEN'));
  }
}

/** The last step of a message that Nest takes over. */
const PASS: MessageStep = Object.freeze({
  name: 'pass',
  start: (message: Message) => (message as ForeignCall).pass(),
  finish: () => undefined,
  fail: () => ({ code: 'FORBIDDEN', reason: 'check-failed' }) as const,
});

/** The handler of a plan, as messages of another adapter find it. */
export function foreignHandler(plan: HandlerPlan, isObserved: boolean): MessageHandler {
  return { plan, steps: Object.freeze([...judgingStepsOf(plan, isObserved), PASS]), callback: () => undefined };
}
