import { fieldOf, isRecord, type PlainValue, textOf } from './plain-value.js';
import type { PolicyChange } from './policy-words.js';

/** What changed about who may send or see a field, and the schemas without that. */
export interface FieldChanges {
  readonly changes: readonly PolicyChange[];
  readonly before: PlainValue;
  readonly after: PlainValue;
}

/**
 * Says which fields were opened or closed: who may send one now (`@WsInputRoles()`), who may see one now
 * (`@Expose({ groups })`), and which ones go out at all.
 */
export function fieldChanges(before: PlainValue, after: PlainValue): FieldChanges {
  const changes: PolicyChange[] = [];
  const rest = { before: new Map(entriesOf(before)), after: new Map(entriesOf(after)) };
  for (const [name, now] of entriesOf(after)) {
    const old = fieldOf(before, name);
    const was = new Map(entriesOf(fieldOf(old, 'properties')));
    const is = new Map(entriesOf(fieldOf(now, 'properties')));
    // A schema that comes or goes is told as a whole.
    if (!isRecord(old) || !isRecord(now)) continue;
    const isOutput = fieldOf(now, 'x-output') === true;
    for (const field of new Set([...was.keys(), ...is.keys()])) {
      const found = changesOf(was.get(field), is.get(field), isOutput ? 'see' : 'send', `${field} of ${name}`);
      if (found.length === 0) continue;
      changes.push(...found);
      const isKept = was.has(field) && is.has(field);
      for (const fields of [was, is]) {
        if (isKept) fields.set(field, withoutRoles(fields.get(field)));
        else fields.delete(field);
      }
    }
    if ('properties' in old) rest.before.set(name, { ...old, properties: Object.fromEntries(was) });
    if ('properties' in now) rest.after.set(name, { ...now, properties: Object.fromEntries(is) });
  }
  return { changes, before: Object.fromEntries(rest.before), after: Object.fromEntries(rest.after) };
}

/** What is told of one field; a new field that comes in is compared like every other rule. */
function changesOf(
  was: PlainValue | undefined,
  is: PlainValue | undefined,
  may: 'see' | 'send',
  field: string,
): readonly PolicyChange[] {
  if (may === 'send' && (was === undefined || is === undefined)) return [];
  if (is === undefined) return [{ kind: 'narrower', text: `nobody may see ${field} any more` }];
  const roles = rolesOf(is);
  if (was === undefined) return [{ kind: 'wider', text: `${whoOf(roles)} may now see ${field}` }];
  const old = rolesOf(was);
  if (textOf(old) === textOf(roles)) return [];
  if (roles === undefined) return [{ kind: 'wider', text: `everybody may now ${may} ${field}` }];
  if (old === undefined) return [{ kind: 'narrower', text: `only ${whoOf(roles)} may still ${may} ${field}` }];
  const added = roles.filter((role) => !old.includes(role));
  const lost = old.filter((role) => !roles.includes(role));
  return [
    ...added.map((role): PolicyChange => ({ kind: 'wider', text: `role ${role} may now ${may} ${field}` })),
    ...lost.map((role): PolicyChange => ({ kind: 'narrower', text: `role ${role} may no longer ${may} ${field}` })),
  ];
}

/** The roles that a field is for; `undefined` where it is for everybody. */
export function rolesOf(field: PlainValue): readonly string[] | undefined {
  const roles = fieldOf(field, 'x-roles');
  return Array.isArray(roles) ? roles.map(String) : undefined;
}

function whoOf(roles: readonly string[] | undefined): string {
  return roles === undefined ? 'everybody' : `role ${roles.join(' or ')}`;
}

function withoutRoles(field: PlainValue = null): PlainValue {
  if (!isRecord(field)) return field;
  return Object.fromEntries(Object.entries(field).filter(([name]) => name !== 'x-roles'));
}

function entriesOf(value: PlainValue): readonly (readonly [string, PlainValue])[] {
  return isRecord(value) ? Object.entries(value) : [];
}
