import { isDeepStrictEqual } from 'node:util';
import type { ExaminedMessage } from './examined-message.js';
import { isLike } from './is-like.js';
import type { RuleCondition } from './rule.js';

/** How much a pattern is compared with: each character may cost as many steps as the pattern is long, for each rule. */
export const MAX_LIKE = 8192;

/** Whether a message is what a rule asks for. Binary ones have a direction, and nothing else that a rule asks for. */
export function fitsRule(message: ExaminedMessage, when: RuleCondition): boolean {
  if (when.direction !== undefined && when.direction !== message.direction) return false;
  const { event, contains, like, json } = when;
  if ([event, contains, like, json].every((one) => one === undefined)) return true;
  const { text } = message;
  if (text === undefined) return false;
  if (contains !== undefined && !text.includes(contains)) return false;
  if (event !== undefined && message.event !== event) return false;
  if (json !== undefined && !holds(message.json, json)) return false;
  return like === undefined || isLike(text.slice(0, MAX_LIKE), like);
}

function holds(value: unknown, wanted: Readonly<Record<string, unknown>>): boolean {
  if (value === undefined) return false;
  return Object.entries(wanted).every(([pointer, one]) => isDeepStrictEqual(valueAt(value, pointer), one));
}

/** RFC 6901. */
function valueAt(value: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1);
  return names.reduce((at: unknown, name) => {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    return (at as Readonly<Record<string, unknown>>)[key];
  }, value);
}
