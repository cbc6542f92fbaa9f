import { AllOf, AnyOf, type WsRequirement } from './requirement.js';

/** Says in words what must be met, such as `role admin or auditor, scope orders:write, any of (Owner; role support)`. */
export function requirementsText(requirements: readonly WsRequirement[]): string {
  return requirements.length === 0 ? 'any authenticated principal' : requirements.map(textOf).join(', ');
}

function textOf(requirement: WsRequirement): string {
  if (typeof requirement === 'function') return requirement.name;
  if (requirement instanceof AnyOf) return `any of (${requirement.members.map(textOf).join('; ')})`;
  if (requirement instanceof AllOf) return `all of (${requirement.members.map(textOf).join('; ')})`;
  const { roles = [], scopes = [] } = requirement;
  return [
    ...(roles.length === 0 ? [] : [`role ${roles.join(' or ')}`]),
    ...scopes.map((scope) => `scope ${scope}`),
  ].join(', ');
}
