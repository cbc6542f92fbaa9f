import { randomId } from '../core/identifier.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import {
  type HandlerPlan,
  Message,
  type MessageHandler,
  type MessageSource,
  type MessageStep,
} from '../messages/message.js';
import type { MessageEngine } from '../messages/message-engine.js';
import { ARRIVAL_STEPS, judgingStepsOf } from '../messages/message-steps.js';
import type { Refusal } from '../messages/refusal.js';
import type { ForeignClient } from './foreign-client.js';
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

/** One call of a handler through another adapter, as a source of one message. */
export class ForeignCall implements MessageSource {
  /** Settles when every step is done. @throws {WsRefusalException} when one of them refuses. */
  readonly judged: Promise<Message>;
  readonly hasAllStreams = false;
  readonly #refusal: Refusal | undefined;
  #resolve: (message: Message) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(
    readonly engine: MessageEngine,
    readonly connection: ForeignClient,
    private readonly handler: MessageHandler,
    private readonly data: unknown,
  ) {
    const { validation } = engine.settings;
    // Walked no further than a message may be large; what the walk found is said in its turn, after the limits.
    const { bytes, refusal } = measurePayload(data, validation, validation.maxMessageBytes);
    this.#refusal = refusal;
    const message = new ForeignMessage(this, bytes, connection.gone);
    this.judged = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    message.run();
  }

  get isExpired(): boolean {
    const { expiresAt } = this.connection.principal;
    return expiresAt !== undefined && this.engine.clock.now() >= expiresAt;
  }

  /** Every step has let the message on. */
  pass(message: Message): void {
    this.#resolve(message);
  }

  /** The message has ended; after {@link pass} this says nothing new. */
  end(): void {
    this.#reject(new WsRefusalException('FORBIDDEN'));
  }

  throttle(now: number, bytes: number): number {
    return this.connection.throttle(now, bytes);
  }

  throttlePrincipal(now: number): number {
    return this.connection.throttlePrincipal(now);
  }

  throttleEvent(plan: HandlerPlan, now: number): number {
    return this.connection.throttleEvent(plan, now);
  }

  /** The other adapter runs as many handlers at a time as messages come. */
  takeSlot(): boolean {
    return true;
  }

  decode(message: Message): Refusal | undefined {
    message.event = this.handler.plan.event;
    message.data = this.data;
    return this.#refusal;
  }

  route(): MessageHandler {
    return this.handler;
  }

  refuse(_message: Message, refusal: Refusal): void {
    const correlationId = randomId();
    const { plan } = this.handler;
    this.engine.report(this.connection, refusal, plan.event, correlationId);
    if (refusal.fault !== undefined) this.engine.faults.write(plan.label, correlationId, refusal.fault.exception);
    this.#reject(new AuditedRefusal(refusal, correlationId));
    this.connection.violations.charge(refusal);
    if (refusal.close !== undefined) this.connection.close(refusal.close);
  }

  // What follows belongs to the handler's run, which is the other adapter's.
  releaseSlot(): void {}
  reply(): boolean {
    return true;
  }
  endStream(): boolean {
    return false;
  }
  keepForAbort(): void {}
  forgetAbort(): void {}
  watchAnswer(): () => boolean {
    return () => false;
  }
  disposeOf(): void {}
}

/** A message whose handler Nest calls, so that its end cannot be seen from here. */
class ForeignMessage extends Message {
  constructor(
    private readonly call: ForeignCall,
    bytes: number,
    private readonly gone: AbortSignal,
  ) {
    super(
      call,
      ARRIVAL_STEPS,
      undefined,
      bytes,
      false,
      ++call.connection.messagesReceived,
      call.engine.clock.monotonic(),
    );
  }

  override get isCurrent(): boolean {
    return this.epoch === this.connection.epoch && this.connection.isOpen;
  }

  /** One for all messages of a socket: it fires when the socket is gone. */
  override get signal(): AbortSignal {
    return this.gone;
  }

  override settle(refusal?: Refusal): void {
    super.settle(refusal);
    this.call.end();
  }
}

/** The last step of a message that Nest takes over. */
const PASS: MessageStep = Object.freeze({
  name: 'pass',
  start: (message: Message) => {
    (message.source as ForeignCall).pass(message);
  },
  fail: () => ({ code: 'FORBIDDEN', reason: 'check-failed' }) as const,
});

/** The handler of a plan, as messages of another adapter find it. */
export function foreignHandler(plan: HandlerPlan): MessageHandler {
  return { plan, steps: Object.freeze([...judgingStepsOf(plan), PASS]), callback: () => undefined };
}
