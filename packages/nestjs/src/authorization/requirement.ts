import type { Principal } from '../core/principal.js';
import type { WsPolicyType } from './ws-policy.js';

/** What the claims of a principal must hold. */
export interface WsClaimsRequirement {
  /** The principal has at least one of these roles. */
  readonly roles?: readonly string[];
  /** The principal has every one of these scopes. */
  readonly scopes?: readonly string[];
}

/** Passes where one of its members does, tried in order. Made by {@link anyOf}. */
export class AnyOf {
  constructor(readonly members: readonly (WsPolicyType | WsClaimsRequirement)[]) {}
}

/** One thing that `@WsAuthorize` may ask for. */
export type WsRequirement = WsPolicyType | WsClaimsRequirement | AnyOf;

/**
 * Passes where at least one of the policies or requirements does; they are tried in order.
 *
 * @throws TypeError without a member: nothing could ever pass.
 */
export function anyOf(...members: (WsPolicyType | WsClaimsRequirement)[]): AnyOf {
  if (members.length === 0) throw new TypeError('anyOf() needs at least one policy or requirement.');
  return new AnyOf(Object.freeze([...members]));
}

/** What a principal lacks of a requirement of roles and scopes, for the operator; `undefined` when it meets it. */
export function missingClaim({ roles, scopes }: WsClaimsRequirement, principal: Principal): string | undefined {
  if (roles !== undefined && !roles.some((role) => principal.roles.includes(role))) return `role ${roles.join(' or ')}`;
  const scope = scopes?.find((item) => !principal.scopes.includes(item));
  return scope === undefined ? undefined : `scope ${scope}`;
}

/**
 * Says what is wrong with a requirement as it was written.
 *
 * An empty list is refused: it reads like "nobody" to one person and like "everybody" to another.
 */
export function requirementProblem(requirement: unknown): string | undefined {
  if (typeof requirement === 'function') {
    const prototype = requirement.prototype as { authorize?: unknown } | undefined;
    return typeof prototype?.authorize === 'function'
      ? undefined
      : `${requirement.name} has no authorize() method: it is not a policy class`;
  }
  if (requirement instanceof AnyOf) {
    return requirement.members.map(requirementProblem).find((problem) => problem !== undefined);
  }
  if (typeof requirement !== 'object' || requirement === null || Array.isArray(requirement)) {
    return 'a requirement is a policy class, { roles, scopes } or anyOf(...)';
  }
  for (const [key, value] of Object.entries(requirement)) {
    if (key !== 'roles' && key !== 'scopes') return `"${key}" is not a requirement; write roles or scopes`;
    if (
      !Array.isArray(value) ||
      value.length === 0 ||
      !value.every((item) => typeof item === 'string' && item !== '')
    ) {
      return `${key} must be a list of at least one non-empty string`;
    }
  }
  return Object.keys(requirement).length === 0 ? 'a requirement names roles or scopes' : undefined;
}
