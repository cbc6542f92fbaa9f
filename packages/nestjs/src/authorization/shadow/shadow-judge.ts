import type { Clock } from '../../core/clock.js';
import { takeHoldBriefly } from '../../core/give-up.js';
import type { PolicyReports } from '../policy-reports.js';
import type { WsPolicyContext } from '../ws-policy.js';

/** How many messages may be tried at once, in the process. Those that come meanwhile are not tried. */
const MAX_RUNNING = 16;

/** How many trials of one rule may be late. With these it is not tried, until one of them has answered after all. */
const MAX_LATE = 16;

/** What becomes of a message under the rule that is tried; `undefined` where its payload would be refused under both. */
export type Trial = () => Promise<boolean | undefined>;

/**
 * Tries rules that do not hold yet, beside the messages and never in their way: after them, a bounded number at once, and
 * whatever one throws or does is told to the operator alone.
 */
export class ShadowJudge {
  #running = 0;
  /** By the rule: one that hangs must not keep the others from being tried. What a clock frees here is counted there. */
  readonly #late = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly reports: Pick<PolicyReports, 'differed'>,
  ) {}

  /**
   * Tries a rule on a message, and reports where its verdict differs from the one that held.
   *
   * @param policy the rule in words.
   * @param context whose message it is; nothing of its payload is reported.
   */
  try(policy: string, context: WsPolicyContext, wasAllowed: boolean, trial: Trial): void {
    if (this.#running >= MAX_RUNNING || this.#lateOf(policy) >= MAX_LATE) {
      this.skip(policy, context);
      return;
    }
    this.#running++;
    // After the message has gone on: what a policy does before it first waits is not on its way.
    setImmediate(() => void this.#run(policy, context, wasAllowed, trial));
  }

  /** Says that a message is not tried. */
  skip(policy: string, context: WsPolicyContext): void {
    this.reports.differed(policy, context, 'skipped');
  }

  async #run(policy: string, context: WsPolicyContext, wasAllowed: boolean, trial: Trial): Promise<void> {
    let isLate = false;
    const cancel = this.clock.after(this.timeoutMs, () => {
      isLate = true;
      this.#running--;
      this.#late.set(policy, this.#lateOf(policy) + 1);
      this.reports.differed(policy, context, 'timeout');
    });
    try {
      const isAllowed = await trial();
      if (isLate || isAllowed === undefined || isAllowed === wasAllowed) return;
      this.reports.differed(policy, context, isAllowed ? 'would-allow' : 'would-refuse');
    } catch (exception) {
      takeHoldBriefly(exception);
      if (!isLate) this.reports.differed(policy, context, 'failed', { exception });
    } finally {
      cancel();
      if (isLate) this.#late.set(policy, this.#lateOf(policy) - 1);
      else this.#running--;
    }
  }

  #lateOf(policy: string): number {
    return this.#late.get(policy) ?? 0;
  }
}
