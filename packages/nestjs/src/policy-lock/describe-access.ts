import type { AuthorizationDecision } from '../authorization/authorization-plan.js';
import { AllOf, AnyOf, type WsRequirement } from '../authorization/requirement.js';
import { byText, compareText, plainOf, textOf } from './plain-value.js';
import type { PolicyAccess, PolicyRequirement } from './policy-document.js';

/** Names the module whose instance of a policy is asked. */
export type ModuleOfPolicy = (policy: abstract new (...args: never[]) => object) => string;

/**
 * Says who may call a handler. The order in which requirements are written is not part of it: all must agree, and a change of
 * order alone must not bury another one. That of `anyOf()` is, as soon as a policy is among them: the first that passes decides
 * which resource and which rows the handler is given.
 */
export function describeAccess(
  { isPublic, isClosed, stepUpMs, requirements }: AuthorizationDecision,
  moduleOf: ModuleOfPolicy,
): PolicyAccess {
  if (isClosed === true) return { closed: true };
  const login: readonly PolicyRequirement[] = stepUpMs === undefined ? [] : [{ loginMs: stepUpMs }];
  if (isPublic && login.length === 0) return { public: true };
  return { all: [...describeAll(requirements, moduleOf), ...login] };
}

function describeAll(requirements: readonly WsRequirement[], moduleOf: ModuleOfPolicy): readonly PolicyRequirement[] {
  return unique(requirements.flatMap((requirement) => describe(requirement, moduleOf)));
}

/** One requirement as the things that must all be met. */
function describe(requirement: WsRequirement, moduleOf: ModuleOfPolicy): readonly PolicyRequirement[] {
  if (typeof requirement === 'function') return [{ policy: requirement.name, module: moduleOf(requirement) }];
  if (requirement instanceof AnyOf) {
    const members = distinct(requirement.members.map((member) => together(describe(member, moduleOf))));
    return [{ anyOf: members.some(isOrdered) ? members : members.sort(byText) }];
  }
  if (requirement instanceof AllOf) return describeAll(requirement.members, moduleOf);
  const { roles, scopes = [], ...others } = requirement;
  return [
    ...(roles === undefined ? [] : [{ roles: [...new Set(roles)].sort(compareText) }]),
    ...scopes.map((scope) => ({ scope })),
    ...(Object.keys(others).length === 0 ? [] : [{ other: plainOf(others) }]),
  ];
}

function together(all: readonly PolicyRequirement[]): PolicyRequirement {
  const [only] = all;
  return all.length === 1 && only !== undefined ? only : { allOf: unique(all) };
}

function unique(requirements: readonly PolicyRequirement[]): readonly PolicyRequirement[] {
  return distinct(requirements).sort(byText);
}

function distinct(requirements: readonly PolicyRequirement[]): PolicyRequirement[] {
  return [...new Map(requirements.map((item) => [textOf(item), item])).values()];
}

/** Whether a requirement may grant something. */
function isOrdered(requirement: PolicyRequirement): boolean {
  if ('policy' in requirement) return true;
  const inside = 'anyOf' in requirement ? requirement.anyOf : 'allOf' in requirement ? requirement.allOf : [];
  return inside.some(isOrdered);
}
