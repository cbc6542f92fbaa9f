import { ANONYMOUS_KIND, type Principal } from '../core/principal.js';
import { AnyOf, missingClaim, type WsClaimsRequirement, type WsRequirement } from './requirement.js';
import type { WsPolicy, WsPolicyContext, WsPolicyType } from './ws-policy.js';
import { Grant } from './ws-policy.js';
import { PolicyGrant } from './ws-resource.decorator.js';
import { isPromiseLike } from '../core/awaitable.js';

/** Finds the instance of a policy for one message; only a policy with request-scoped dependencies makes a promise. */
export type PolicyProvider = (context: WsPolicyContext) => WsPolicy | Promise<WsPolicy>;

/** Finds the provider of a policy class; called once for each at boot. */
export type PolicyResolver = (policy: WsPolicyType) => PolicyProvider;

/** One policy question; answers the grant, or `undefined` for a refusal. */
type Question = (context: WsPolicyContext) => Grant | undefined | Promise<Grant | undefined>;

/**
 * What a handler asks for, compiled: claims first, which need no data, then policies in the order in which they are
 * written, which see the validated data.
 */
export class AuthorizationPlan {
  readonly #claims: readonly WsClaimsRequirement[];
  readonly #questions: readonly Question[];

  constructor(
    requirements: readonly WsRequirement[],
    /** Whether connections without an identity may pass. */
    private readonly isPublic: boolean,
    resolve: PolicyResolver,
    /** Whether the handler takes the row filter that a policy grants. One that it does not take would narrow nothing. */
    takesRowsOf: (policy: WsPolicyType) => boolean = () => true,
  ) {
    const ask = (policy: WsPolicyType): Question => askPolicy(policy, resolve, takesRowsOf);
    this.#claims = requirements.filter(
      (item): item is WsClaimsRequirement => typeof item !== 'function' && !(item instanceof AnyOf),
    );
    this.#questions = requirements
      .filter((item): item is WsPolicyType | AnyOf => typeof item === 'function' || item instanceof AnyOf)
      .map((item) => (typeof item === 'function' ? ask(item) : askAny(item, ask)));
  }

  /** Whether there is a policy to ask. */
  get hasPolicies(): boolean {
    return this.#questions.length > 0;
  }

  /** The role or scope that a principal lacks; `undefined` when it has them all. */
  missingClaim(principal: Principal): string | undefined {
    // An anonymous id meets no claim and never an ownership policy: whatever it equals, it belongs to nobody.
    if (!this.isPublic && principal.kind === ANONYMOUS_KIND) return 'identity';
    for (const requirement of this.#claims) {
      const missing = missingClaim(requirement, principal);
      if (missing !== undefined) return missing;
    }
    return undefined;
  }

  /**
   * Asks every policy; the first refusal ends it.
   *
   * @returns the grants in order, or `undefined` for a refusal. A throw or a rejection of a policy comes out as such: the
   * caller refuses and audits it.
   */
  ask(context: WsPolicyContext): readonly Grant[] | undefined | Promise<readonly Grant[] | undefined> {
    return this.#askFrom(0, [], context);
  }

  #askFrom(
    first: number,
    grants: Grant[],
    context: WsPolicyContext,
  ): readonly Grant[] | undefined | Promise<readonly Grant[] | undefined> {
    for (let i = first; i < this.#questions.length; i++) {
      const answer = (this.#questions[i] as Question)(context);
      if (isPromiseLike(answer)) {
        return answer.then((granted) => {
          if (granted === undefined) return undefined;
          grants.push(granted);
          return this.#askFrom(i + 1, grants, context);
        });
      }
      if (answer === undefined) return undefined;
      grants.push(answer);
    }
    return grants;
  }
}

/** The policy classes that a list of requirements names, in order. */
export function policiesOf(requirements: readonly WsRequirement[]): readonly WsPolicyType[] {
  return requirements.flatMap((item) => {
    if (typeof item === 'function') return [item];
    return item instanceof AnyOf ? item.members.filter((member) => typeof member === 'function') : [];
  });
}

function askPolicy(
  type: WsPolicyType,
  resolve: PolicyResolver,
  takesRowsOf: (policy: WsPolicyType) => boolean,
): Question {
  const provide = resolve(type);
  const takesRows = takesRowsOf(type);
  return (context) => {
    const policy = provide(context);
    const decision = isPromiseLike(policy)
      ? policy.then((instance) => instance.authorize(context))
      : policy.authorize(context);
    // A promise of ours first: what another's then() returns is its own business, and would be taken for the answer.
    return isPromiseLike(decision)
      ? Promise.resolve(decision).then((value) => toGrant(type, value, takesRows))
      : toGrant(type, decision, takesRows);
  };
}

/** Only `true` and `grant(...)` allow; `"true"`, `1`, `{}` and `undefined` do not. */
function toGrant(type: WsPolicyType, decision: unknown, takesRows: boolean): Grant | undefined {
  if (decision === true) return ALLOWED;
  if (!(decision instanceof Grant)) return undefined;
  if (decision.rows !== undefined && !takesRows) {
    throw new TypeError(
      `${type.name} grants rows, and the handler takes no filter of it: add @WsRowFilter(${type.name}) to a parameter.`,
    );
  }
  return new PolicyGrant(type, decision.resource, decision.rows);
}

const ALLOWED = Object.freeze(new Grant(undefined));

function askAny({ members }: AnyOf, ask: (policy: WsPolicyType) => Question): Question {
  const questions = members.map((member): Question => {
    if (typeof member === 'function') return ask(member);
    return (context) => (missingClaim(member, context.principal) === undefined ? ALLOWED : undefined);
  });
  return async (context) => {
    for (const question of questions) {
      const granted = await question(context);
      if (granted !== undefined) return granted;
    }
    return undefined;
  };
}
