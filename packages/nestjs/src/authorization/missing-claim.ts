import type { Principal } from '../core/principal.js';
import { AllOf, AnyOf, type WsClaimsRequirement, type WsRequirement } from './requirement.js';

/**
 * What a principal lacks, by its claims alone, to ever meet a requirement; for the operator. Whatever a policy may still
 * decide counts as met here.
 *
 * @returns `undefined` where it is met, or where policies decide.
 */
export function missingClaim(requirement: WsRequirement, principal: Principal): string | undefined {
  if (typeof requirement === 'function') return undefined;
  if (requirement instanceof AllOf) return firstMissing(requirement.members, principal);
  if (!(requirement instanceof AnyOf)) return missingOf(requirement, principal);
  const missing: string[] = [];
  for (const member of requirement.members) {
    const lacking = missingClaim(member, principal);
    if (lacking === undefined) return undefined;
    missing.push(lacking);
  }
  return missing.join(' or ');
}

/** As {@link missingClaim}, of several that must all be met. */
export function firstMissing(requirements: readonly WsRequirement[], principal: Principal): string | undefined {
  for (const requirement of requirements) {
    const missing = missingClaim(requirement, principal);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** Whether claims have anything to say about a requirement. */
export function asksClaims(requirement: WsRequirement): boolean {
  if (typeof requirement === 'function') return false;
  return requirement instanceof AnyOf || requirement instanceof AllOf ? requirement.members.some(asksClaims) : true;
}

function missingOf({ roles, scopes }: WsClaimsRequirement, principal: Principal): string | undefined {
  if (roles !== undefined && !roles.some((role) => principal.roles.includes(role))) return `role ${roles.join(' or ')}`;
  const scope = scopes?.find((item) => !principal.scopes.includes(item));
  return scope === undefined ? undefined : `scope ${scope}`;
}
