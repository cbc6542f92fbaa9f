import { isDeepStrictEqual } from 'node:util';
import { jsonObject } from '../../dialect/dialect.js';
import { DIALECTS } from '../../dialect/dialects.js';
import { eventOf } from '../../dialect/event-of.js';
import type { ProxyMessage } from '../proxy-message.js';
import { isLike } from './is-like.js';
import type { RuleCondition } from './rule.js';

/** How much of a message rules look at, in characters. */
export const MAX_EXAMINED = 262_144;
/** And how much a pattern is compared with: each character may cost as many steps as the pattern is long, for each rule. */
export const MAX_LIKE = 8192;

/** Whether a message is what a rule asks for. Binary ones have a direction, and nothing else that a rule asks for. */
export function fitsRule({ direction, isBinary, data }: ProxyMessage, when: RuleCondition): boolean {
  if (when.direction !== undefined && when.direction !== direction) return false;
  const { event, contains, like, json } = when;
  if ([event, contains, like, json].every((one) => one === undefined)) return true;
  if (isBinary || data === undefined) return false;
  const text = data.toString('utf8', 0, MAX_EXAMINED);
  if (contains !== undefined && !text.includes(contains)) return false;
  if (event !== undefined && eventIn(text) !== event) return false;
  if (json !== undefined && !holds(text, json)) return false;
  return like === undefined || isLike(text.slice(0, MAX_LIKE), like);
}

function eventIn(text: string): string | undefined {
  const ofSocketIo = eventOf(DIALECTS['socket.io'], text);
  if (ofSocketIo !== undefined) return ofSocketIo;
  const isGraphql = jsonObject(text)?.['payload'] !== undefined;
  return (isGraphql ? eventOf(DIALECTS['graphql-ws'], text) : undefined) ?? eventOf(DIALECTS.json, text);
}

function holds(text: string, wanted: Readonly<Record<string, unknown>>): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
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
