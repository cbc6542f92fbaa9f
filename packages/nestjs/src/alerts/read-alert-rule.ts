import { AUTHENTICATION_FAILURES } from '../authentication/authentication-failures.js';
import { nearestOf, type OptionReader } from '../core/option-reader.js';
import { ALERT_KINDS, ALERT_SCOPES, ALERT_SEVERITIES, type AlertKind } from '../events/catalogue/alert-events.js';
import { OWASP_EVENT_NAMES } from '../events/event-reasons.js';
import { nearestPattern, rowOf, type SecurityEventType, typesMatching } from '../events/security-event.js';
import type { ResolvedAlertRule } from './alert-rule.js';
import { MAX_NETWORKS } from './watches/many-networks.watch.js';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const MAX_NAME = 64;

/** What the rules of a kind say beside what all rules say; a name with `?` may be left out. */
const FIELDS_OF: Readonly<Record<AlertKind, readonly string[]>> = {
  threshold: ['by?', 'limit', 'windowMs'],
  spike: ['windowMs', 'factor', 'minEvents'],
  ratio: ['of', 'limit', 'minEvents', 'windowMs'],
  absence: ['windowMs'],
  'first-seen': ['value', 'learnMs'],
  'many-networks': ['limit', 'windowMs'],
};

const EXAMPLES: Readonly<Record<string, string>> = {
  limit: '20',
  windowMs: '60_000',
  factor: '4',
  minEvents: '100',
  of: "['ws.handshake.refused', 'ws.connection.opened']",
  value: "'reason'",
  learnMs: '86_400_000',
};

const VALUES = ['reason', 'origin', 'network'] as const;

/** Reads one rule. What is wrong with it goes to the reader. */
export function readAlertRule(reader: OptionReader, quietMs: number): ResolvedAlertRule {
  const name = readName(reader);
  const kind = readKind(reader);
  const types = readTypes(reader, 'events');
  const value = reader.oneOf('value', VALUES, 'reason');
  const windowMs = reader.ms('windowMs', 60_000, { min: SECOND, max: 7 * DAY });
  const rule: ResolvedAlertRule = {
    name,
    kind,
    types,
    reasons: readReasons(reader, types),
    failures: readWords(reader, 'failures', Object.keys(AUTHENTICATION_FAILURES)),
    owasp: readWords(reader, 'owasp', OWASP_EVENT_NAMES),
    severity: reader.oneOf('severity', ALERT_SEVERITIES, 'warning'),
    quietMs: reader.ms('quietMs', quietMs, { min: SECOND, max: DAY }),
    by: kind === 'many-networks' ? 'principal' : readScope(reader, kind, value),
    of: reader.has('of') ? readTypes(reader, 'of') : new Set(),
    value,
    limit: readLimit(reader, kind, windowMs),
    windowMs,
    learnMs: reader.ms('learnMs', DAY, { min: SECOND, max: 7 * DAY }),
    factor: readNumber(reader, 'factor', 4, 1.1, 1000),
    minEvents: reader.count('minEvents', 100, { max: 1_000_000 }),
  };
  checkFields(reader, kind);
  checkSense(reader, rule);
  return reader.finish(rule);
}

function readName(reader: OptionReader): string {
  const name = reader.string('name');
  if (name !== undefined && name.length <= MAX_NAME && NAME.test(name)) return name;
  if (name !== undefined || !reader.has('name')) {
    reader.refuse('name', `must be lower-case words with dashes, ${MAX_NAME} letters at most.`, "'many-refusals'");
  }
  return '';
}

function readKind(reader: OptionReader): AlertKind {
  const kinds = Object.keys(ALERT_KINDS) as AlertKind[];
  if (!reader.has('kind')) reader.refuse('kind', 'is missing.', "'threshold'");
  return reader.oneOf('kind', kinds, 'threshold');
}

/** A network that is seen for the first time stands in the alert as one. */
function readScope(reader: OptionReader, kind: AlertKind, value: string): ResolvedAlertRule['by'] {
  const by = reader.oneOf('by', ALERT_SCOPES, 'overall');
  return kind === 'first-seen' && value === 'network' ? 'network' : by;
}

function readTypes(reader: OptionReader, name: string): ReadonlySet<SecurityEventType> {
  const patterns = reader.strings(name);
  if (patterns === undefined || patterns.length === 0) {
    if (patterns !== undefined || !reader.has(name)) {
      reader.refuse(name, 'must name at least one type of event.', "['ws.handshake.refused']");
    }
    return new Set();
  }
  for (const pattern of patterns) {
    if (typesMatching([pattern]).size === 0) {
      reader.refuse(name, `names '${pattern}', which no security event is called.`, `['${nearestPattern(pattern)}']`);
    } else if (pattern.startsWith('ws.alert.')) {
      const problem = `names '${pattern}', which no rule sees: an alert about alerts would raise alerts for ever.`;
      reader.fail(name, problem, 'remove it');
    }
  }
  // `ws.*` stands for all events but them.
  return new Set([...typesMatching(patterns)].filter((type) => !type.startsWith('ws.alert.')));
}

function readReasons(reader: OptionReader, types: ReadonlySet<SecurityEventType>): ReadonlySet<string> | undefined {
  const known = new Set([...types].flatMap((type) => Object.keys(rowOf(type).reasons ?? {})));
  return readWords(reader, 'reasons', [...known]);
}

function readWords(reader: OptionReader, name: string, known: readonly string[]): ReadonlySet<string> | undefined {
  const words = reader.strings(name);
  if (words === undefined) return undefined;
  if (words.length === 0) reader.refuse(name, 'is empty: no event would meet it.', `['${known[0] ?? '...'}']`);
  for (const word of words) {
    if (known.includes(word)) continue;
    const near = nearestOf(word, known);
    const fix =
      near === undefined ? `those that there are: ${known.join(', ')}` : `${reader.pathOf(name)}: ['${near}']`;
    reader.fail(name, `names '${word}', which none of the events has.`, known.length > 0 ? fix : 'remove it');
  }
  return new Set(words);
}

function readLimit(reader: OptionReader, kind: AlertKind, windowMs: number): number {
  switch (kind) {
    case 'ratio':
      return readNumber(reader, 'limit', 0.5, 0.001, 1);
    case 'many-networks':
      return reader.count('limit', 6, { min: 2, max: MAX_NETWORKS });
    case 'threshold':
      return reader.count('limit', 20, { max: 1_000_000 });
    default:
      // Marks it as known: `checkFields` says that it has no effect.
      reader.raw('limit');
      return kind === 'absence' ? windowMs : 1;
  }
}

function readNumber(reader: OptionReader, name: string, fallback: number, min: number, max: number): number {
  const isInBounds = (value: unknown): value is number => typeof value === 'number' && value >= min && value <= max;
  return reader.checked(name, isInBounds, `must be a number from ${min} to ${max}`, String(fallback)) ?? fallback;
}

/** A field that its kind does not know would be ignored, and one that is missing would have to be guessed. */
function checkFields(reader: OptionReader, kind: AlertKind): void {
  const fields = FIELDS_OF[kind];
  for (const name of ['by', ...Object.keys(EXAMPLES)]) {
    if (fields.includes(name) && !reader.has(name)) {
      reader.refuse(name, `is missing: a rule of kind '${kind}' needs it.`, EXAMPLES[name] ?? '...');
    } else if (reader.has(name) && !fields.includes(name) && !fields.includes(`${name}?`)) {
      reader.fail(name, `has no effect on a rule of kind '${kind}'.`, 'remove it');
    }
  }
}

/** What could never be met. */
function checkSense(reader: OptionReader, rule: ResolvedAlertRule): void {
  const { kind, types, by, of, value } = rule;
  if (types.size === 0) return;
  const some = (field: string): boolean => [...types].some((type) => fieldsOf(type).has(field));
  const needs = (name: string, field: string): void => {
    if (!some(field)) reader.fail(name, `never counts anything: none of the events says its ${field}.`, 'name others');
  };
  if (rule.failures !== undefined) needs('failures', 'failure');
  if (kind === 'threshold' && by !== 'overall') needs('by', by === 'network' ? 'address' : by);
  if (kind === 'many-networks') {
    needs('events', 'address');
    needs('events', 'principal');
  }
  if (kind === 'first-seen' && value === 'reason' && ![...types].some((type) => rowOf(type).reasonIn !== undefined)) {
    reader.fail('value', 'never sees anything: none of the events has a reason.', 'name others');
  } else if (kind === 'first-seen' && value !== 'reason') {
    needs('value', value === 'network' ? 'address' : value);
  }
  if (kind === 'ratio' && of.size > 0 && ![...types].every((type) => of.has(type))) {
    reader.fail(
      'of',
      'must name all of `events` too: they are a part of it.',
      "of: [...events, 'ws.connection.opened']",
    );
  }
}

function fieldsOf(type: SecurityEventType): ReadonlySet<string> {
  const { fields, optional = {} } = rowOf(type);
  return new Set([...Object.keys(fields), ...Object.keys(optional)]);
}
