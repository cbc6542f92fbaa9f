import { isPromiseLike } from '../core/awaitable.js';
import { giveUp, takeHoldBriefly } from '../core/give-up.js';
import { missingClaim } from './missing-claim.js';
import { AnyOf, type WsRequirement } from './requirement.js';
import { Grant, isDecision, type WsPolicy, type WsPolicyContext, type WsPolicyType } from './ws-policy.js';
import { PolicyGrant } from './policy-grant.js';

/**
 * Finds the instance of a policy for one message; only a policy with request-scoped dependencies makes a promise.
 *
 * @param scope one for each time that a message is judged: whatever a policy keeps per request must not outlive that, or a
 * message that is judged again would be judged by the rights of before.
 */
export type PolicyProvider = (context: WsPolicyContext, scope: object) => WsPolicy | Promise<WsPolicy>;

/** Finds the provider of a policy class; called once for each at boot. */
export type PolicyResolver = (policy: WsPolicyType) => PolicyProvider;

/**
 * One question about a message. What it grants it appends to the list; whether it lets the message pass it answers, at once
 * or with a promise of this module's own making.
 */
export type Question = (context: WsPolicyContext, grants: Grant[]) => boolean | Promise<boolean>;

/** What questions need from outside. */
export interface QuestionParts {
  readonly resolve: PolicyResolver;
  /** Whether the handler takes the row filter that a policy grants. One that it does not take would narrow nothing. */
  readonly takesRowsOf: (policy: WsPolicyType) => boolean;
  /** Told that one of several alternatives has thrown, and was taken for a no. It must not throw. */
  readonly onFailed: (policy: WsPolicyType, context: WsPolicyContext, exception: unknown) => void;
  /** Told that a policy has answered what is no answer, and was taken for a no. It must not throw. */
  readonly onUnclear: (policy: WsPolicyType, answer: unknown) => void;
}

/** Asks requirements in order, until one refuses. */
export function askAll(requirements: readonly WsRequirement[], parts: QuestionParts, isAlternative = false): Question {
  const questions = requirements.map((item) => ask(item, parts, isAlternative));
  const [only] = questions;
  if (only !== undefined && questions.length === 1) return only;
  const askFrom = (first: number, context: WsPolicyContext, grants: Grant[]): boolean | Promise<boolean> => {
    for (let i = first; i < questions.length; i++) {
      const answer = (questions[i] as Question)(context, grants);
      if (isPromiseLike(answer)) return answer.then((passes) => passes && askFrom(i + 1, context, grants));
      if (!answer) return false;
    }
    return true;
  };
  return (context, grants) => askFrom(0, context, grants);
}

/** Asks requirements in order, until one passes. What the others have granted is forgotten. */
function askAny(requirements: readonly WsRequirement[], parts: QuestionParts): Question {
  const questions = requirements.map((item) => ask(item, parts, true));
  const askFrom = (first: number, context: WsPolicyContext, grants: Grant[]): boolean | Promise<boolean> => {
    const before = grants.length;
    for (let i = first; i < questions.length; i++) {
      const answer = (questions[i] as Question)(context, grants);
      if (isPromiseLike(answer)) {
        return answer.then((passes) => {
          if (passes) return true;
          forget(grants, before);
          return askFrom(i + 1, context, grants);
        });
      }
      if (answer) return true;
      forget(grants, before);
    }
    return false;
  };
  return (context, grants) => askFrom(0, context, grants);
}

/** Drops what was granted in vain: a list of promises, of which nobody waits for one, may hang on it (DR-14). */
export function forget(grants: Grant[], from = 0): void {
  if (grants.length > from) takeHoldBriefly(grants.splice(from));
}

function ask(requirement: WsRequirement, parts: QuestionParts, isAlternative: boolean): Question {
  if (typeof requirement === 'function') {
    const question = askPolicy(requirement, parts);
    return isAlternative ? contain(requirement, question, parts) : question;
  }
  if (requirement instanceof AnyOf) return askAny(requirement.members, parts);
  if ('members' in requirement) return askAll(requirement.members, parts, isAlternative);
  return ({ principal }) => missingClaim(requirement, principal) === undefined;
}

/** AZ-09: among alternatives, one that throws is a no, and the next one is asked. */
function contain(policy: WsPolicyType, question: Question, { onFailed }: QuestionParts): Question {
  return (context, grants) => {
    const failed = (exception: unknown): false => {
      onFailed(policy, context, exception);
      return false;
    };
    try {
      const answer = question(context, grants);
      return isPromiseLike(answer) ? answer.then(undefined, failed) : answer;
    } catch (exception) {
      return failed(exception);
    }
  };
}

function askPolicy(type: WsPolicyType, { resolve, takesRowsOf, onUnclear }: QuestionParts): Question {
  const provide = resolve(type);
  const takesRows = takesRowsOf(type);
  const judge = (decision: unknown, grants: Grant[]): boolean => {
    if (!isDecision(decision)) {
      takeHoldBriefly(decision);
      onUnclear(type, decision);
    }
    return passes(type, decision, takesRows, grants);
  };
  return (context, grants) => {
    const policy = provide(context, grants);
    const decision = isPromiseLike(policy)
      ? policy.then((instance) => instance.authorize(context))
      : policy.authorize(context);
    // A promise of ours first: what another's then() returns is its own business, and would be taken for the answer.
    return isPromiseLike(decision)
      ? Promise.resolve(decision).then((value) => judge(value, grants))
      : judge(decision, grants);
  };
}

/** Only `true` and `grant(...)` allow; `"true"`, `1`, `{}` and `undefined` do not. */
function passes(type: WsPolicyType, decision: unknown, takesRows: boolean, grants: Grant[]): boolean {
  if (decision === true) return true;
  if (!(decision instanceof Grant)) return false;
  // `doc ? grant(doc) : deny()` with a forgotten await allows everybody, and the handler would get what it settles with.
  const pending = [decision.resource, decision.rows].filter(isPromiseLike);
  if (pending.length > 0) {
    for (const each of pending) giveUp(each);
    takeHoldBriefly(decision);
    throw new TypeError(`${type.name} grants a promise: await what it grants.`);
  }
  if (decision.rows !== undefined && !takesRows) {
    takeHoldBriefly(decision);
    throw new TypeError(
      `${type.name} grants rows, and the handler takes no filter of it: add @WsRowFilter(${type.name}) to a parameter.`,
    );
  }
  grants.push(new PolicyGrant(type, decision.resource, decision.rows));
  return true;
}
