import { isPromiseLike } from '../core/awaitable.js';
import { ANONYMOUS_KIND, type Principal } from '../core/principal.js';
import { asksClaims, firstMissing } from './missing-claim.js';
import { askAll, forget, type PolicyResolver, type Question, type QuestionParts } from './policy-questions.js';
import { policiesOf, type WsRequirement } from './requirement.js';
import type { Grant, WsPolicyContext, WsPolicyType } from './ws-policy.js';

/** Who may call a handler, as it was written. */
export interface AuthorizationDecision {
  /** Everything that must agree; empty for "any authenticated principal", and for a public handler. */
  readonly requirements: readonly WsRequirement[];
  /** What would have to agree instead, where a rule is only tried. */
  readonly shadow?: readonly WsRequirement[] | undefined;
  /** Whether connections without an identity may pass. */
  readonly isPublic: boolean;
  /** Whether nobody may pass: a rule table says so. */
  readonly isClosed?: boolean;
  /** How long ago the user may have logged in, in milliseconds; `undefined` where nobody asks. */
  readonly stepUpMs?: number | undefined;
  /** Whether the handler takes the row filter that a policy grants. */
  readonly takesRowsOf: (policy: WsPolicyType) => boolean;
}

/** Any authenticated principal. */
export const ANYBODY: AuthorizationDecision = Object.freeze({
  requirements: [],
  isPublic: false,
  takesRowsOf: () => true,
});

/** What a plan asks of the application. */
export interface AuthorizationParts {
  readonly resolve: PolicyResolver;
  readonly onFailed: QuestionParts['onFailed'];
  readonly onUnclear: QuestionParts['onUnclear'];
}

/** For a plan without policies. */
export const NO_POLICIES: AuthorizationParts = Object.freeze({
  resolve: () => {
    throw new Error('There is no policy to find.');
  },
  onFailed: () => undefined,
  onUnclear: () => undefined,
});

/**
 * What a handler asks for, compiled: claims first, which need no data, then policies in the order in which they are
 * written, which see the validated data.
 */
export class AuthorizationPlan {
  readonly #claims: readonly WsRequirement[];
  readonly #question: Question | undefined;

  constructor(
    readonly decision: AuthorizationDecision,
    parts: AuthorizationParts,
  ) {
    const { requirements, takesRowsOf } = decision;
    this.#claims = requirements.filter(asksClaims);
    // What claims alone decide is decided with them.
    const asked = requirements.filter((item) => policiesOf([item]).length > 0);
    this.#question = asked.length === 0 ? undefined : askAll(asked, { ...parts, takesRowsOf });
  }

  /** Whether there is a policy to ask. */
  get hasPolicies(): boolean {
    return this.#question !== undefined;
  }

  /** The role or scope that a principal lacks; `undefined` when it has them all, or policies decide. */
  missingClaim(principal: Principal): string | undefined {
    if (this.decision.isClosed === true) return 'a rule that admits anybody';
    // An anonymous id meets no claim and never an ownership policy: whatever it equals, it belongs to nobody.
    if (!this.decision.isPublic && principal.kind === ANONYMOUS_KIND) return 'identity';
    return firstMissing(this.#claims, principal);
  }

  /**
   * Asks every policy; the first refusal ends it.
   *
   * @returns the grants in order, or `undefined` for a refusal. A throw or a rejection of a policy comes out as such, unless
   * an alternative to it is left: the caller refuses and audits it.
   */
  ask(context: WsPolicyContext): readonly Grant[] | undefined | Promise<readonly Grant[] | undefined> {
    const grants: Grant[] = [];
    try {
      const answer = this.#question?.(context, grants) ?? true;
      if (!isPromiseLike(answer)) return judged(answer, grants);
      return answer.then(
        (passes) => judged(passes, grants),
        (exception: unknown) => failed(exception, grants),
      );
    } catch (exception) {
      return failed(exception, grants);
    }
  }
}

function judged(passes: boolean, grants: Grant[]): readonly Grant[] | undefined {
  if (passes) return grants;
  forget(grants);
  return undefined;
}

function failed(exception: unknown, grants: Grant[]): never {
  forget(grants);
  throw exception;
}
