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
  constructor(readonly members: readonly WsRequirement[]) {}
}

/** Passes where every one of its members does. Made by {@link allOf}. */
export class AllOf {
  constructor(readonly members: readonly WsRequirement[]) {}
}

/** One thing that `@WsAuthorize` may ask for. */
export type WsRequirement = WsPolicyType | WsClaimsRequirement | AnyOf | AllOf;

/**
 * Passes where at least one of its members does. They are tried in order, and the first one that passes decides: only what
 * it granted reaches the handler. A policy that throws has said no, and the next member is tried; one that does not answer
 * in time refuses the message.
 *
 * @throws TypeError without a member: nothing could ever pass.
 */
export function anyOf(...members: WsRequirement[]): AnyOf {
  if (members.length === 0) throw new TypeError('anyOf() needs at least one policy or requirement.');
  return new AnyOf(Object.freeze([...members]));
}

/**
 * Passes where every one of its members does: one branch of an {@link anyOf}, such as
 * `anyOf(DocumentOwner, allOf({ roles: ['support'] }, OpenTicket))`. They are asked in order until one refuses.
 *
 * @throws TypeError without a member: everybody would pass.
 */
export function allOf(...members: WsRequirement[]): AllOf {
  if (members.length === 0) throw new TypeError('allOf() needs at least one policy or requirement.');
  return new AllOf(Object.freeze([...members]));
}

/** Whether a requirement stands for several. */
function isGroup(requirement: WsRequirement): requirement is AnyOf | AllOf {
  return requirement instanceof AnyOf || requirement instanceof AllOf;
}

/** The policy classes that a list of requirements names, in order. */
export function policiesOf(requirements: readonly WsRequirement[]): readonly WsPolicyType[] {
  return requirements.flatMap((item) => {
    if (typeof item === 'function') return [item];
    return isGroup(item) ? policiesOf(item.members) : [];
  });
}

/** How many of some policies may grant something for one message: the members of an `anyOf()` never do so together. */
export function grantsTogether(
  requirements: readonly WsRequirement[],
  isCounted: (policy: WsPolicyType) => boolean = () => true,
): number {
  const counts = requirements.map((item) => countGrants(item, isCounted));
  return counts.reduce((sum, count) => sum + count, 0);
}

function countGrants(item: WsRequirement, isCounted: (policy: WsPolicyType) => boolean): number {
  if (typeof item === 'function') return isCounted(item) ? 1 : 0;
  if (item instanceof AnyOf) return Math.max(...item.members.map((member) => countGrants(member, isCounted)));
  return item instanceof AllOf ? grantsTogether(item.members, isCounted) : 0;
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
      : `${requirement.name === '' ? 'a function without a name' : requirement.name} has no authorize() method: it is not a policy class`;
  }
  if (requirement instanceof AnyOf || requirement instanceof AllOf) {
    return requirement.members.map(requirementProblem).find((problem) => problem !== undefined);
  }
  if (requirement === undefined) {
    return 'a requirement is undefined: its file and this one import each other, or it does not export the policy; move the policy to a file that imports no gateway';
  }
  const policy = policyNameOf(requirement);
  if (policy !== undefined)
    return `it is given a made ${policy}; write the class ${policy}, which Nest makes with all that it injects`;
  if (typeof requirement !== 'object' || requirement === null || Array.isArray(requirement)) {
    return 'a requirement is a policy class, { roles, scopes }, anyOf(...) or allOf(...)';
  }
  for (const [key, value] of Object.entries(requirement)) {
    if (key !== 'roles' && key !== 'scopes') {
      return `"${key}" is not a requirement; write ${key.startsWith('shadow') ? 'shadow' : 'roles or scopes'}`;
    }
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

/** The class of a policy that somebody has made: whoever wrote `new Owner()` meant `Owner`. */
function policyNameOf(requirement: unknown): string | undefined {
  const { authorize, constructor } = Object(requirement) as {
    readonly authorize?: unknown;
    readonly constructor: unknown;
  };
  return typeof authorize === 'function' && typeof constructor === 'function' ? constructor.name : undefined;
}

/** Says in words what must be met, such as `role admin or auditor, scope orders:write, any of (Owner; role support)`. */
export function requirementsText(requirements: readonly WsRequirement[]): string {
  return requirements.length === 0 ? 'any authenticated principal' : requirements.map(wordsOf).join(', ');
}

function wordsOf(requirement: WsRequirement): string {
  if (typeof requirement === 'function') return requirement.name;
  if (requirement instanceof AnyOf) return `any of (${requirement.members.map(wordsOf).join('; ')})`;
  if (requirement instanceof AllOf) return `all of (${requirement.members.map(wordsOf).join('; ')})`;
  const { roles = [], scopes = [] } = requirement;
  return [
    ...(roles.length === 0 ? [] : [`role ${roles.join(' or ')}`]),
    ...scopes.map((scope) => `scope ${scope}`),
  ].join(', ');
}
