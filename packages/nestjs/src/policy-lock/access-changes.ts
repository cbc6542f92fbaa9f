import { textOf } from './plain-value.js';
import type { PolicyAccess, PolicyRequirement } from './policy-document.js';
import { type PolicyChange, requirementText } from './policy-words.js';

/** Says who may call an event that could not before, and the other way round. */
export function accessChanges(
  event: string,
  before: PolicyAccess | undefined,
  after: PolicyAccess,
): readonly PolicyChange[] {
  if (before === undefined) return [{ kind: 'wider', text: `${whoMay(after)} may now call ${event}` }];
  if (textOf(before) === textOf(after)) return [];
  if ('public' in after) return [{ kind: 'wider', text: `anybody may now call ${event}, without an identity` }];
  if ('closed' in after) return [{ kind: 'narrower', text: `nobody may call ${event} any more` }];
  if ('closed' in before) return [{ kind: 'wider', text: `${whoMay(after)} may now call ${event}` }];
  if ('public' in before) {
    return [{ kind: 'narrower', text: `${event} is no longer public: ${whoMay(after)} may call it` }];
  }
  const isNew = (item: PolicyRequirement, others: readonly PolicyRequirement[]): boolean =>
    others.every((other) => textOf(other) !== textOf(item));
  const lost = before.all.filter((item) => isNew(item, after.all));
  const added = after.all.filter((item) => isNew(item, before.all));
  const [old] = lost;
  const [now] = added;
  if (old !== undefined && now !== undefined && lost.length === 1 && added.length === 1) {
    const members = loginChange(event, old, now) ?? alternatives(event, old, now);
    if (members !== undefined) return members;
  }
  return [
    ...lost.map((item): PolicyChange => ({
      kind: 'wider',
      text: `${event} no longer asks for ${requirementText(item)}`,
    })),
    ...added.map((item): PolicyChange => ({
      kind: 'narrower',
      text: `${event} now asks for ${requirementText(item)}`,
    })),
  ];
}

/** How much older, or newer, a log-in has to be. */
function loginChange(
  event: string,
  { loginMs: old }: PolicyRequirement,
  { loginMs: now }: PolicyRequirement,
): readonly PolicyChange[] | undefined {
  if (old === undefined || now === undefined) return undefined;
  const text = `${event} now asks for ${requirementText({ loginMs: now })}; it was ${requirementText({ loginMs: old })}`;
  return [{ kind: now > old ? 'wider' : 'narrower', text }];
}

/** What changed among the roles, or the alternatives, one of which is enough. */
function alternatives(
  event: string,
  before: PolicyRequirement,
  after: PolicyRequirement,
): readonly PolicyChange[] | undefined {
  const old = optionsOf(before);
  const now = optionsOf(after);
  if (old === undefined || now === undefined) return undefined;
  const added = [...now].filter(([key]) => !old.has(key));
  const lost = [...old].filter(([key]) => !now.has(key));
  return [
    ...added.map(([, who]): PolicyChange => ({ kind: 'wider', text: `${who} may now call ${event}` })),
    ...lost.map(([, who]): PolicyChange => ({ kind: 'narrower', text: `${who} may no longer call ${event}` })),
  ];
}

function optionsOf({ roles, anyOf }: PolicyRequirement): ReadonlyMap<string, string> | undefined {
  if (roles !== undefined) return new Map(roles.map((role) => [textOf({ roles: [role] }), `role ${role}`]));
  if (anyOf === undefined) return undefined;
  return new Map(anyOf.map((member) => [textOf(member), `who meets ${requirementText(member)}`]));
}

function whoMay(access: PolicyAccess): string {
  if ('closed' in access) return 'nobody';
  if ('public' in access) return 'anybody, without an identity,';
  if (access.all.length === 0) return 'every authenticated principal';
  return `who meets ${access.all.map(requirementText).join(' and ')}`;
}
