import { Grant, isDecision, unclearAnswer, type WsPolicy } from '../../authorization/ws-policy.js';
import { isPromiseLike } from '../../core/awaitable.js';
import type { ApplicationClasses } from '../../nest/application-classes.js';

/** What one policy said. */
export interface PolicyVerdict {
  readonly name: string;
  /** `unanswered`: it was asked, and has not answered in time. */
  outcome: 'granted' | 'denied' | 'threw' | 'unanswered';
  /** What it answered that is no answer, as a sentence. */
  unclear?: string;
  /** What it threw. */
  error?: unknown;
}

type PolicyClasses = Pick<ApplicationClasses, 'providerOf'>;

/** Names the policies that are asked, and what each answers: the refusal of a message only says that one of them denied. */
export class ObservedPolicies {
  readonly verdicts: PolicyVerdict[] = [];

  /** Finds the same instances as the application does, and watches them. */
  observing(classes: PolicyClasses): PolicyClasses {
    const observed = (name: string, instance: unknown): WsPolicy => this.#observed(name, instance as WsPolicy);
    return {
      providerOf: (type, module) => {
        const provide = classes.providerOf(type, module);
        return (request) => {
          const found = provide(request);
          const wrapped = isPromiseLike(found)
            ? found.then((instance) => observed(type.name, instance))
            : observed(type.name, found);
          return wrapped as typeof found;
        };
      },
    };
  }

  #observed(name: string, policy: WsPolicy): WsPolicy {
    return {
      authorize: (context) => {
        const verdict: PolicyVerdict = { name, outcome: 'unanswered' };
        this.verdicts.push(verdict);
        const failed = (error: unknown): never => {
          Object.assign(verdict, { outcome: 'threw', error });
          throw error;
        };
        const answered = <Decision>(decision: Decision): Decision => {
          verdict.outcome = decision === true || decision instanceof Grant ? 'granted' : 'denied';
          if (!isDecision(decision)) verdict.unclear = unclearAnswer(name, decision);
          return decision;
        };
        let decision;
        try {
          decision = policy.authorize(context);
        } catch (error) {
          return failed(error);
        }
        return isPromiseLike(decision) ? Promise.resolve(decision).then(answered, failed) : answered(decision);
      },
    };
  }
}
