import type { MessageStep } from '../../messages/message.js';
import type { Refusal } from '../../messages/refusal.js';

/** What became of a message in one step. */
export interface StepVerdict {
  readonly name: string;
  /** `reported`: it would be refused, and is not yet, because its gateway is under `migration`. */
  readonly outcome: 'passed' | 'refused' | 'reported' | 'not-reached';
  /** Of `refused` and `reported`. */
  readonly refusal?: Refusal;
}

/**
 * Watches a message on its way through the steps of every message. The steps themselves are those of `message-steps.ts`:
 * what they answer is written down, and handed on as it is.
 */
export class ObservedSteps {
  readonly #verdicts: StepVerdict[] = [];
  #entered: string | undefined;

  /** The step that was entered and has not answered. */
  get pending(): string | undefined {
    return this.#entered;
  }

  get verdicts(): readonly StepVerdict[] {
    return this.#verdicts;
  }

  observe(steps: readonly MessageStep[]): readonly MessageStep[] {
    return steps.map((step) => this.#observed(step));
  }

  /** Notes the refusal of a step that did not answer it itself: it was too slow, or the message ended in it. */
  refuse(refusal: Refusal): void {
    if (this.#entered !== undefined) this.#leave(this.#entered, 'refused', refusal);
  }

  #observed(step: MessageStep): MessageStep {
    const { name, isReportable = false } = step;
    return {
      ...step,
      start: (message) => {
        this.#entered = name;
        return step.start(message);
      },
      finish: (message, value) => {
        const refusal = step.finish(message, value);
        const isReported = isReportable && message.handler?.plan.isReported === true;
        this.#leave(name, refusal === undefined ? 'passed' : isReported ? 'reported' : 'refused', refusal);
        return refusal;
      },
      fail: (message, error) => {
        const refusal = step.fail(message, error);
        const isReported = isReportable && message.handler?.plan.isReported === true;
        this.#leave(name, isReported ? 'reported' : 'refused', refusal);
        return refusal;
      },
    };
  }

  #leave(name: string, outcome: StepVerdict['outcome'], refusal: Refusal | undefined): void {
    this.#entered = undefined;
    this.#verdicts.push({ name, outcome, ...(refusal !== undefined && { refusal }) });
  }
}
