import { type Awaitable, andThen } from '../../core/awaitable.js';
import { takeHoldBriefly } from '../../core/give-up.js';
import type { AuthorizationPlan } from '../authorization-plan.js';
import { requirementsText } from '../requirement.js';
import type { WsPolicyContext } from '../ws-policy.js';
import { copyOf } from './copy-of.js';
import type { ShadowJudge } from './shadow-judge.js';

/** Validates a payload of the handler; `undefined` for one that is refused. */
export type ShadowValidation = (
  data: unknown,
  sender: WsPolicyContext['principal'],
) => Awaitable<{ readonly data: unknown } | undefined>;

/** A rule that a handler does not obey yet, and is tried on its messages. */
export class ShadowRule {
  readonly #policy: string;

  constructor(
    private readonly plan: AuthorizationPlan,
    private readonly judge: ShadowJudge,
    private readonly validate: ShadowValidation,
  ) {
    this.#policy = requirementsText(plan.decision.requirements);
  }

  /** Tries it on a message whose payload was validated, and about which the rule that holds has decided. */
  tryJudged(message: WsPolicyContext, wasAllowed: boolean): void {
    const context = detached(message);
    if (context === undefined) this.judge.skip(this.#policy, message);
    else this.judge.try(this.#policy, context, wasAllowed, () => this.#ask(context));
  }

  /** Tries it on a message that claims alone have refused, so that nobody has looked at its payload. */
  tryUnread(message: WsPolicyContext): void {
    if (this.plan.missingClaim(message.principal) !== undefined) return;
    const { principal, connection, event, id, data } = message;
    this.judge.try(this.#policy, { principal, connection, event, id, data: undefined }, false, async () => {
      const valid = await this.validate(data, principal);
      return valid === undefined ? undefined : this.#ask({ principal, connection, event, id, data: valid.data });
    });
  }

  async #ask(context: WsPolicyContext): Promise<boolean> {
    if (this.plan.missingClaim(context.principal) !== undefined) return false;
    return andThen(this.plan.ask(context), (grants) => {
      // No handler gets them.
      takeHoldBriefly(grants);
      return grants !== undefined;
    });
  }
}

/**
 * The message as it is now: the handler may change its payload while the rule is tried, and a rule that changes it must not
 * change what the handler gets. `undefined` for a payload that cannot be copied.
 */
function detached({ principal, connection, event, id, data }: WsPolicyContext): WsPolicyContext | undefined {
  try {
    return { principal, connection, event, id, data: copyOf(data) };
  } catch {
    return undefined;
  }
}
