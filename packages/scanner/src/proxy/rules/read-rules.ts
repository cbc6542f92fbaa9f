import { DIRECTIONS } from '../proxy-message.js';
import type { Rule, RuleAction, RuleCondition } from './rule.js';

const MAX_RULES = 100;
const MAX_PATTERN = 200;
const MAX_TEXT = 65_536;

/** The longest delay, in milliseconds. */
const MAX_DELAY_MS = 60_000;
/** How often a message is sent again at most. */
export const MAX_COPIES = 100;

type Fields = Readonly<Record<string, unknown>>;

const CONDITION = ['name', 'direction', 'event', 'contains', 'like', 'json', 'do'];
const OWN: Readonly<Record<RuleAction['do'], readonly string[]>> = {
  break: [],
  drop: [],
  replace: ['find', 'with'],
  delay: ['ms'],
  replay: ['times'],
};

/**
 * Reads the rules of the proxy: `{ "rules": [{ "event": "order.place", "do": "break" }] }`.
 *
 * @throws TypeError for what there is not; its text says which rule, and what to write.
 */
export function readRules(content: string): readonly Rule[] {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new TypeError('it is not JSON.', { cause });
  }
  const list = isFields(value) && Object.keys(value).every((key) => key === 'rules') ? value['rules'] : undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_RULES) {
    throw new TypeError(`it takes { "rules": [...] } with 1 to ${MAX_RULES} rules, and nothing else.`);
  }
  return (list as readonly unknown[]).map((rule, index) => {
    const problem = (says: string): never => {
      throw new TypeError(`rule ${index + 1}: ${says}`);
    };
    return readRule(rule, `rule ${index + 1}`, problem);
  });
}

type Problem = (says: string) => never;

function readRule(rule: unknown, place: string, problem: Problem): Rule {
  if (!isFields(rule)) return problem('it is an object, such as { "event": "order.place", "do": "break" }.');
  const action = rule['do'];
  if (!isAction(action)) return problem(`"do" is one of ${Object.keys(OWN).join(', ')}.`);
  const known = [...CONDITION, ...OWN[action]];
  const unknown = Object.keys(rule).find((key) => !known.includes(key));
  if (unknown !== undefined) return problem(`"${unknown}" is none of ${known.join(', ')}.`);
  return {
    name: readText(rule, 'name', MAX_PATTERN, problem) ?? place,
    when: readCondition(rule, problem),
    action: readAction(action, rule, problem),
  };
}

function readCondition(rule: Fields, problem: Problem): RuleCondition {
  const { direction, json } = rule;
  const known = DIRECTIONS.find((one) => one === direction);
  if (direction !== undefined && known === undefined) problem(`"direction" is one of ${DIRECTIONS.join(', ')}.`);
  if (json !== undefined && (!isFields(json) || Object.keys(json).some((pointer) => !/^(?:\/.*)?$/s.test(pointer)))) {
    problem('"json" has a value for each JSON Pointer, such as { "/data/symbol": "ACME" }.');
  }
  return {
    direction: known,
    event: readText(rule, 'event', MAX_PATTERN, problem),
    contains: readText(rule, 'contains', MAX_PATTERN, problem),
    like: readText(rule, 'like', MAX_PATTERN, problem),
    json,
  };
}

function readAction(action: RuleAction['do'], rule: Fields, problem: Problem): RuleAction {
  switch (action) {
    case 'break':
    case 'drop':
      return { do: action };
    case 'replace': {
      const text = rule['with'];
      if (typeof text !== 'string' || text.length > MAX_TEXT) {
        return problem(`"with" is a text of at most ${MAX_TEXT} characters: what is sent instead.`);
      }
      return { do: action, find: readText(rule, 'find', MAX_TEXT, problem), with: text };
    }
    case 'delay':
      return { do: action, ms: readNumber(rule, 'ms', MAX_DELAY_MS, problem) };
    case 'replay':
      return { do: action, times: readNumber(rule, 'times', MAX_COPIES, problem) };
  }
}

function readText(rule: Fields, name: string, max: number, problem: Problem): string | undefined {
  const text = rule[name];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && text !== '' && text.length <= max) return text;
  return problem(`"${name}" is a text of 1 to ${max} characters.`);
}

function readNumber(rule: Fields, name: string, max: number, problem: Problem): number {
  const value = rule[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  return problem(`"${name}" is a whole number from 1 to ${max}.`);
}

function isAction(action: unknown): action is RuleAction['do'] {
  return typeof action === 'string' && Object.hasOwn(OWN, action);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
