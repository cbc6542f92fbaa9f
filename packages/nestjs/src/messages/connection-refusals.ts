import { randomId } from '../core/identifier.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { errorFrame } from './frames.js';
import { MessageViolations } from './message-violations.js';
import type { PipelineEngine, Refusal } from './pipeline-engine.js';
import { RefusalBudget } from './refusal-budget.js';

/** Answers, audits and counts what one connection is refused. */
export class ConnectionRefusals {
  // Made at the first refusal: most connections never see one.
  #budget: RefusalBudget | undefined;
  #violations: MessageViolations | undefined;

  constructor(
    private readonly engine: PipelineEngine,
    private readonly connection: ManagedConnection,
  ) {}

  /**
   * Answers with an error frame, as far as the budget goes, and audits.
   *
   * @returns the id that stands in the frame and in the audit.
   */
  answer(refusal: Refusal): string {
    const correlationId = randomId();
    const budget = (this.#budget ??= new RefusalBudget());
    const now = this.engine.clock.monotonic();
    const frame = errorFrame(refusal.code, correlationId, refusal);
    const isNotice = refusal.reason === 'connection-throttle' || refusal.reason === 'principal-throttle';
    if ((!isNotice || budget.allowsThrottleNotice(now)) && budget.allowsFrame(now, frame.length)) {
      this.connection.sendText(frame);
    }
    this.note(refusal, correlationId);
    return correlationId;
  }

  /** Audits and charges a refusal that gets no answer, because the connection closes. */
  note(refusal: Refusal, correlationId: string = randomId()): void {
    this.engine.report(this.connection, refusal, correlationId);
    (this.#violations ??= new MessageViolations(this.engine.ledger, this.connection, this.engine.events)).charge(
      refusal,
    );
  }
}
