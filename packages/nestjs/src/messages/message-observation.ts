import type { Clock } from '../core/clock.js';
import type { MessageFacts, ObservedMessage, ObservedRun } from '../core/observer.js';
import type { CompiledObserver } from '../core/observers.js';
import type { Refusal } from './refusal.js';

/** What is measured of one message, for whoever observes: it becomes what they are told, at its end. */
export class MessageObservation implements ObservedMessage {
  event: string | undefined = undefined;
  result: ObservedMessage['result'] = 'dropped';
  reason: string | undefined = undefined;
  code: string | undefined = undefined;
  waitedMs = 0;
  judgedMs = 0;
  policiesMs: number | undefined = undefined;
  handlerMs: number | undefined = undefined;
  readonly path: string;
  /** In whose context the message runs; `undefined` where nobody has one. */
  readonly trace: ObservedRun<ObservedMessage> | undefined;
  readonly #observer: CompiledObserver;
  readonly #clock: Clock;
  #judgedFrom: number;
  #policiesFrom = 0;
  /** When its policies had answered: nothing stands between them and its handler. */
  #policiesTo: number | undefined;
  #handlerFrom: number | undefined;
  #isJudged = false;
  #hasEnded = false;

  constructor(
    observer: CompiledObserver,
    facts: MessageFacts,
    readonly bytes: number,
    /** In monotonic milliseconds. */
    arrivedAt: number,
    clock: Clock,
  ) {
    this.#observer = observer;
    this.#clock = clock;
    this.#judgedFrom = arrivedAt;
    this.path = facts.path;
    this.trace = observer.beginMessage?.(facts);
  }

  /** It is a message of this event, and took its slot at that moment. */
  follow(event: string | undefined, slotAt: number): void {
    this.event = event;
    this.waitedMs = slotAt - this.#judgedFrom;
    this.#judgedFrom = slotAt;
  }

  askPolicies(): void {
    this.#policiesFrom = this.#clock.monotonic();
  }

  havePolicies(): void {
    this.#policiesTo = this.#clock.monotonic();
    this.policiesMs = (this.policiesMs ?? 0) + this.#policiesTo - this.#policiesFrom;
  }

  callHandler(): void {
    this.#handlerFrom = this.#policiesTo ?? this.#clock.monotonic();
    this.#judged(this.#handlerFrom);
  }

  haveHandler(): void {
    if (this.#handlerFrom !== undefined) this.handlerMs = this.#clock.monotonic() - this.#handlerFrom;
  }

  refuse({ code, reason }: Refusal): void {
    if (this.result === 'refused') return;
    this.result = 'refused';
    this.code = code;
    this.reason = reason;
  }

  /** Its connection has ended while it waited for its slot. */
  forget(): void {
    this.follow(undefined, this.#clock.monotonic());
    this.end(false);
  }

  /** Later calls do nothing. @param isHandled whether its handler was called. */
  end(isHandled: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.#isJudged) this.#judged(this.#clock.monotonic());
    if (this.handlerMs === undefined) this.haveHandler();
    if (this.result === 'dropped' && isHandled) this.result = 'handled';
    this.#observer.onMessage?.(this);
    this.trace?.end(this);
  }

  #judged(now: number): void {
    this.#isJudged = true;
    this.judgedMs = now - this.#judgedFrom;
  }
}

/** Whether anybody wants to know of messages. */
export function observesMessages({ onMessage, beginMessage }: CompiledObserver): boolean {
  return onMessage !== undefined || beginMessage !== undefined;
}
