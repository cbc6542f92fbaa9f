import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exampleOf, unknownFieldsOf } from '../../../../../../test/support/event-examples.js';
import { rowOf, SECURITY_EVENT_TYPES, type SecurityEventType } from '../../../events/security-event.js';
import { toEcs } from './ecs.js';
import { readExported } from './exported-event.js';
import { toOcsf } from './ocsf.js';

const guide = readFileSync(new URL('../../../../../../docs/guide/events.md', import.meta.url), 'utf8');
const PAGE = fileURLToPath(new URL('../../../../../../docs/security/events.md', import.meta.url));

/** What the guide says of a type. */
function meaningIn(type: SecurityEventType): string {
  const row = guide.split('\n').find((line) => line.startsWith(`| \`${type}\` `)) ?? '';
  const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
  const [first = '', ...rest] = (cells[4] ?? '').replaceAll(/\]\((?!http)/g, '](../guide/');
  return `${first.toUpperCase()}${rest.join('')}`;
}

function section(type: SecurityEventType): string {
  const event = exampleOf(type);
  const exported = readExported({ ...event });
  if (exported === undefined) throw new Error(`${type} has no meaning in event-meaning.ts.`);
  const ocsf = toOcsf(exported) as Record<string, unknown>;
  const ecs = toEcs(exported) as { event: { kind: string; category: string[]; type: string[] } };
  const { owasp } = event as { readonly owasp?: string };
  return [
    `## ${type}`,
    '',
    `${meaningIn(type)}.`,
    '',
    `- level \`${rowOf(type).level}\`${owasp === undefined ? '' : `; OWASP \`${owasp}\``}`,
    `- OCSF ${String(ocsf['class_name'])} (${String(ocsf['class_uid'])}), ${String(ocsf['activity_name'])}`,
    `- ECS kind \`${ecs.event.kind}\`, category \`${ecs.event.category.join()}\`, type \`${ecs.event.type.join()}\``,
    '',
    '```json',
    JSON.stringify(event, undefined, 2),
    '```',
    '',
  ].join('\n');
}

describe('docs/security/events.md', () => {
  it.each(SECURITY_EVENT_TYPES)('MO-03 has an example of every field of %s', (type) => {
    const { fields, optional = {} } = rowOf(type);
    // A chained record has these members behind those of the event: there must be none of the same name.
    for (const name of ['chain', 'signature', 'hash']) expect({ ...fields, ...optional }).not.toHaveProperty(name);
    expect(unknownFieldsOf(type), 'give test/support/event-examples.ts a value for each').toEqual([]);
  });

  it('MO-03 MO-04 is made from the catalogue: after a change, run this spec with -u', async () => {
    const head = [
      '# Catalogue of events',
      '',
      'Every event that the module writes, with an example that has all of its fields. What they are for is in the [guide](../guide/events.md#reasons), with every reason.',
      '`secure-ws audit export` writes them as classes of OCSF 1.5, or with the fields of ECS 8.',
      'This page is made from the code by `catalogue-page.spec.ts`: do not edit it.',
      '',
      '',
    ].join('\n');
    const page = `${head}${SECURITY_EVENT_TYPES.map(section).join('\n')}`;
    await expect(page).toMatchFileSnapshot(PAGE);
  });
});
