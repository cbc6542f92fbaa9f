import { accessChanges } from './access-changes.js';
import { fieldChanges } from './field-changes.js';
import { fieldOf, isRecord, type PlainValue, plainOf, textOf, without } from './plain-value.js';
import {
  demandsReplies,
  nameOf,
  OUTPUT,
  type PolicyDocument,
  type PolicyEndpoint,
  type PolicyEvent,
} from './policy-document.js';
import { type ChangeKind, type PolicyChange, throttleText, valueText } from './policy-words.js';

/** Says in words what is otherwise in `after` than in `before`; what widens first. Empty where both say the same. */
export function policyChanges(before: PolicyDocument, after: PolicyDocument): readonly PolicyChange[] {
  const fields = fieldChanges(before.schemas, after.schemas);
  const changes = [
    ...pairs(before.endpoints, after.endpoints, ({ path, port, namespace }) => textOf([path, port, namespace])).flatMap(
      ([old, now]) => endpointChanges(old, now),
    ),
    ...settingsChanges(before, after),
    ...fields.changes,
    ...valueChanges('the schemas', fields.before, fields.after),
  ];
  const order: readonly ChangeKind[] = ['wider', 'other', 'narrower'];
  return changes.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function settingsChanges(before: PolicyDocument, after: PolicyDocument): readonly PolicyChange[] {
  const name = 'the settings of all gateways';
  const isLimited = demandsReplies(after);
  if (demandsReplies(before) === isLimited) return valueChanges(name, before.settings, after.settings);
  const what = 'goes out that no @WsReply() and no "as" declares';
  return [
    isLimited
      ? { kind: 'narrower', text: `nothing ${what}: output.undeclaredReplies is 'fail'` }
      : { kind: 'wider', text: `everything now ${what}: output.undeclaredReplies was 'fail'` },
    ...valueChanges(name, without(before.settings as object, OUTPUT), without(after.settings as object, OUTPUT)),
  ];
}

function endpointChanges(
  before: PolicyEndpoint | undefined,
  after: PolicyEndpoint | undefined,
): readonly PolicyChange[] {
  if (after === undefined) {
    return before === undefined
      ? []
      : [{ kind: 'narrower', text: `${nameOf(before)} is gone, and with it ${listEvents(before.events)}` }];
  }
  const name = nameOf(after);
  const opened: readonly PolicyChange[] =
    before === undefined ? [{ kind: 'wider', text: `${name} is new: there is one more place to connect to` }] : [];
  const { events, origins, authenticators, ...rest } = after;
  const { events: oldEvents = [], origins: oldOrigins = [], authenticators: old = [], ...oldRest } = before ?? {};
  return [
    ...opened,
    ...memberChanges(oldOrigins, origins, (origin) => `pages of ${origin} may`, `connect to ${name}`),
    ...memberChanges(old, authenticators, (way) => `clients with ${way} may`, `connect to ${name}`),
    ...pairs(oldEvents, events, ({ event, subprotocols }) => textOf([event, subprotocols])).flatMap(([was, is]) =>
      eventChanges(name, was, is),
    ),
    ...(before === undefined ? [] : valueChanges(name, plainOf(oldRest), plainOf(rest))),
  ];
}

function eventChanges(
  place: string,
  before: PolicyEvent | undefined,
  after: PolicyEvent | undefined,
): readonly PolicyChange[] {
  const name = `${(after ?? before)?.event} on ${place}`;
  if (after === undefined) return [{ kind: 'narrower', text: `${name} is gone` }];
  const { access, throttles } = after;
  if (before === undefined) {
    return [{ kind: 'wider', text: `${name} is new, by ${after.handler}` }, ...accessChanges(name, undefined, access)];
  }
  const rest = (event: PolicyEvent): PlainValue => without(event, 'access', 'throttles', 'event');
  return [
    ...accessChanges(name, before.access, access),
    ...throttleChanges(name, before.throttles, throttles),
    ...valueChanges(name, rest(before), rest(after)),
  ];
}

function throttleChanges(
  name: string,
  before: readonly PlainValue[],
  after: readonly PlainValue[],
): readonly PolicyChange[] {
  if (textOf(before) === textOf(after)) return [];
  const list = (rules: readonly PlainValue[]): string =>
    rules.length === 0 ? 'as often as its connection allows' : rules.map(throttleText).join(' and ');
  const kind = after.length === 0 ? 'wider' : before.length === 0 ? 'narrower' : 'other';
  return [{ kind, text: `${name} may now be sent ${list(after)}; it was ${list(before)}` }];
}

function memberChanges(
  before: readonly string[],
  after: readonly string[],
  subject: (member: string) => string,
  what: string,
): readonly PolicyChange[] {
  const added = after.filter((member) => !before.includes(member));
  const lost = before.filter((member) => !after.includes(member));
  return [
    ...added.map((member): PolicyChange => ({ kind: 'wider', text: `${subject(member)} now ${what}` })),
    ...lost.map((member): PolicyChange => ({ kind: 'narrower', text: `${subject(member)} no longer ${what}` })),
  ];
}

/** The differences of two values, place by place. */
function valueChanges(name: string, before: PlainValue, after: PlainValue, path = ''): readonly PolicyChange[] {
  if (textOf(before) === textOf(after)) return [];
  if (!isRecord(before) || !isRecord(after)) {
    const place = path === '' ? name : `${path} of ${name}`;
    return [{ kind: 'other', text: `${place} was ${valueText(before)}, and is ${valueText(after)}` }];
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((key) =>
    valueChanges(name, fieldOf(before, key), fieldOf(after, key), path === '' ? key : `${path}.${key}`),
  );
}

function listEvents(events: readonly PolicyEvent[]): string {
  return events.length === 0 ? 'no event' : events.map(({ event }) => event).join(', ');
}

/** Items of two lists that have the same key. */
function pairs<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
): readonly (readonly [before: T | undefined, after: T | undefined])[] {
  const keys = [...new Set([...before, ...after].map(keyOf))];
  const find = (list: readonly T[], key: string): T | undefined => list.find((item) => keyOf(item) === key);
  return keys.map((key) => [find(before, key), find(after, key)]);
}
