import { ERROR_EVENT } from '@secure-ws/protocol';
import { RateWindows } from '../core/rate-windows.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { errorData, errorFrame } from './frames.js';
import type { MessageEngine } from './message-engine.js';
import type { HandlerPlan } from './handler-plan.js';
import type { Message } from './message.js';
import { MessageViolations } from './message-violations.js';
import type { Refusal } from './refusal.js';

/** How many bytes of error frames one connection gets in {@link WINDOW_MS} before its refusals are put together. */
const MAX_BYTES = 16_384;
const WINDOW_MS = 10_000;

/** How many frames a second tell a connection about messages that were not read. */
const MAX_NOTICES = 4;

/** Messages one after the other that were refused with one code and are not answered yet. */
interface Run {
  readonly refusal: Refusal;
  readonly correlationId: string;
  readonly from: number;
  to: number;
}

/**
 * Answers, audits and counts what one connection is refused.
 *
 * Every refused message is answered. Error frames are longer than the messages that provoke them, so that an attacker
 * could make the server send more than it receives: messages without an `id` that reach no handler that their sender may
 * call, and all of them beyond a budget, are answered by their numbers, a run of them with one frame.
 */
export class ConnectionRefusals {
  // Made at the first refusal: most connections never see one.
  #bytes: RateWindows | undefined;
  #notices: RateWindows | undefined;
  #violations: MessageViolations | undefined;
  #run: Run | undefined;
  #isWatched = false;

  constructor(
    private readonly engine: MessageEngine,
    private readonly connection: ManagedConnection,
  ) {}

  /** Answers a message, unless it has its answer or the connection is closed for it, audits and charges the refusal. */
  refuse(message: Message, refused: Refusal): void {
    const { isOpen } = this.connection;
    const isLate = !isOpen && refused.reason === 'handler-failed';
    const refusal: Refusal = isLate ? { ...refused, reason: 'handler-failed-after-close' } : refused;
    const correlationId = this.note(refusal, message.handler?.plan);
    if (refusal.close !== undefined) this.connection.close(refusal.close);
    else if (!message.isAnswered && this.connection.isOpen) this.#answer(message, refusal, correlationId);
  }

  /**
   * Audits and charges a refusal. By itself for one that gets no answer, because the connection closes.
   *
   * @returns the id under which it is audited.
   */
  note(refusal: Refusal, plan?: HandlerPlan): string {
    const correlationId = this.engine.report(this.connection, refusal, plan);
    (this.#violations ??= new MessageViolations(this.engine.parts, this.connection)).charge(refusal);
    return correlationId;
  }

  /** Audits what would be refused, and charges nobody for it. */
  report(refusal: Refusal): void {
    this.engine.report(this.connection, refusal, undefined, true);
  }

  #answer(message: Message, refusal: Refusal, correlationId: string): void {
    const { id, ordinal, handler } = message;
    // AZ-12: an event that nobody may send is answered like one that there is not, which has no handler.
    const isOfNobody = handler === undefined || refusal.reason === 'claims';
    const hasNoId = isOfNobody && id === undefined;
    const now = this.engine.clock.monotonic();
    const data = errorData(refusal, correlationId, this.engine.parts.detailedErrors);
    const frame = errorFrame(data, id, hasNoId ? [ordinal, ordinal] : undefined);
    const notices = (this.#notices ??= new RateWindows([{ limit: MAX_NOTICES, ttl: 1000 }]));
    const bytes = (this.#bytes ??= new RateWindows([{ limit: MAX_BYTES, ttl: WINDOW_MS }]));
    if ((!hasNoId || notices.hit(now) === 0) && bytes.hit(now, frame.length) === 0) {
      this.#flush();
      this.connection.offer(frame, ERROR_EVENT);
    } else if (this.#run?.to === ordinal - 1 && this.#run.refusal.code === refusal.code) {
      this.#run.to = ordinal;
    } else {
      this.#flush();
      this.#run = { refusal, correlationId, from: ordinal, to: ordinal };
      this.#watch();
    }
  }

  /** The end of a run that nothing interrupts is the next tick of the coarse timer. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.engine.onNextTick(() => {
      this.#isWatched = false;
      this.#flush();
    });
  }

  #flush(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const { code, retryAfterMs, reason } = run.refusal;
    const data = errorData({ code, reason, retryAfterMs }, run.correlationId, false);
    this.connection.offer(errorFrame(data, undefined, [run.from, run.to]), ERROR_EVENT);
  }
}
