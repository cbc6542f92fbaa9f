import { fieldOf, isRecord, type PlainValue } from './plain-value.js';
import type { PolicyAccess, PolicyRequirement } from './policy-document.js';

/** What a change does to what clients may do; `other` where that is for the reviewer to see. */
export type ChangeKind = 'wider' | 'narrower' | 'other';

/** One difference between two policies, in a sentence. */
export interface PolicyChange {
  readonly kind: ChangeKind;
  readonly text: string;
}

const MAX_VALUE = 200;

/** A requirement in words, such as `policy RoomMember of RoomsModule` or `role admin or editor`. */
export function requirementText(requirement: PolicyRequirement): string {
  const { policy, module, roles, scope, anyOf, allOf, loginMs, other } = requirement;
  if (policy !== undefined) return module === undefined ? `policy ${policy}` : `policy ${policy} of ${module}`;
  if (roles !== undefined) return `role ${roles.join(' or ')}`;
  if (scope !== undefined) return `scope ${scope}`;
  if (anyOf !== undefined) return `(${anyOf.map(requirementText).join(' or ')})`;
  if (allOf !== undefined) return `(${allOf.map(requirementText).join(' and ')})`;
  if (loginMs !== undefined) return `a log-in of the last ${loginMs / 1000} s`;
  return valueText(other ?? null);
}

/** Who may call an event, in words. */
export function accessText(access: PolicyAccess): string {
  if ('closed' in access) return 'nobody';
  if ('public' in access) return 'anybody, without an identity';
  if (access.all.length === 0) return 'every authenticated principal';
  return access.all.map(requirementText).join(' and ');
}

/** A rule of a throttle in words, such as `20 in 10 s`. */
export function throttleText(rule: PlainValue): string {
  const limit = fieldOf(rule, 'limit');
  const ttl = fieldOf(rule, 'ttl');
  if (!isRecord(rule) || limit === null || ttl === null) return valueText(rule);
  const others = Object.entries(rule)
    .filter(
      ([name, value]) => !['limit', 'ttl'].includes(name) && value !== 0 && value !== null && !isUsual(name, value),
    )
    .map(([name, value]) => `, ${name} ${valueText(value)}`);
  return `${valueText(limit)} in ${typeof ttl === 'number' ? `${ttl / 1000} s` : valueText(ttl)}${others.join('')}`;
}

/** What a rule says where nobody has said anything else. */
function isUsual(name: string, value: PlainValue): boolean {
  const usual: readonly (readonly [string, PlainValue])[] = [
    ['name', 'default'],
    ['by', 'principal'],
    ['cost', 1],
    ['mode', 'enforce'],
  ];
  return usual.some(([field, fallback]) => field === name && fallback === value);
}

/** A value as a sentence can hold it. */
export function valueText(value: PlainValue): string {
  if (value === null) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}...` : text;
}
