import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import { ANONYMOUS_KIND, makePrincipal, type Principal } from '../../core/principal.js';
import type { RevalidatedRights, WsRevalidator } from './ws-revalidator.js';

/**
 * Asks the application what rights an identity has now; at once where there is nobody to ask.
 *
 * @returns the identity with the rights of now; `undefined` where it may not be connected any more.
 * @throws where nobody knows, or what was answered are no rights; at once or as a rejection.
 */
export function currentRights(
  principal: Principal,
  revalidator: WsRevalidator | undefined,
  clock: Clock,
): Awaitable<Principal | undefined> {
  if (revalidator === undefined || principal.kind === ANONYMOUS_KIND) return principal;
  return andThen(revalidator.revalidate(principal) as Awaitable<unknown>, (answer) => {
    if (answer === true) return principal;
    if (typeof answer !== 'object' || answer === null) return undefined;
    const { block, kind } = principal;
    const { roles = principal.roles, scopes = principal.scopes }: RevalidatedRights = answer;
    if (isSame(roles, principal.roles) && isSame(scopes, principal.scopes)) return principal;
    return makePrincipal({ ...principal, roles, scopes }, { block, kind, now: clock.now() });
  });
}

function isSame(one: unknown, other: readonly string[]): boolean {
  return Array.isArray(one) && one.length === other.length && other.every((item, at) => item === one[at]);
}
