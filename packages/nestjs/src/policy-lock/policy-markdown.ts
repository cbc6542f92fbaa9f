import { visibleText } from '../core/visible-text.js';
import { demandsReplies, nameOf, type PolicyDocument } from './policy-document.js';
import { rolesOf } from './field-changes.js';
import { fieldOf, isRecord, type PlainValue } from './plain-value.js';
import { accessText, throttleText } from './policy-words.js';

/** The policy as Markdown: a table for each place that clients connect to, and one of the fields that are not for everybody. */
export function policyMarkdown({ endpoints, schemas, settings }: PolicyDocument): string {
  const undeclared = demandsReplies({ settings }) ? 'nothing' : 'anything';
  const parts = endpoints.map((endpoint) => {
    const { origins, authenticators, events } = endpoint;
    const rows = events.map(({ event, handler, access, throttles, payload, reply, ...more }) => [
      event,
      more['reported'] === true ? `${accessText(access)} (reported only)` : accessText(access),
      throttles.length === 0 ? 'as its connection' : throttles.map(throttleText).join(' and '),
      typeText(payload),
      reply === undefined ? undeclared : typeText(reply),
      handler,
    ]);
    return [
      `## ${cell(nameOf(endpoint))}`,
      '',
      `- Pages: ${listOf(origins)}`,
      `- Identities: ${listOf(authenticators)}`,
      '',
      ...table(['Event', 'Who may call it', 'How often', 'Payload', 'Reply', 'Handler'], rows),
    ];
  });
  const closed = closedFields(schemas);
  const fields = ['## Fields for some roles', '', ...table(['Field', 'Of', 'Who may send or see it'], closed)];
  const all = closed.length === 0 ? parts : [...parts, fields];
  return `${['# WebSocket policy', ...all.flatMap((part) => ['', ...part])].join('\n')}\n`;
}

function closedFields(schemas: PolicyDocument['schemas']): readonly (readonly string[])[] {
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const properties = fieldOf(schema, 'properties');
    const may = fieldOf(schema, 'x-output') === true ? 'sees' : 'sends';
    return Object.entries(isRecord(properties) ? properties : {}).flatMap(([field, value]) => {
      const roles = rolesOf(value);
      return roles === undefined ? [] : [[field, name, `role ${roles.join(' or ')} ${may} it`]];
    });
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))];
}

function listOf(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.map(cell).join(', ');
}

function typeText(schema: PlainValue): string {
  const pointer = fieldOf(schema, '$ref');
  if (typeof pointer === 'string') return pointer.replace(/^.*\//, '');
  const type = fieldOf(schema, 'type');
  if (type === 'array') return `list of ${typeText(fieldOf(schema, 'items'))}`;
  if (schema === null) return 'none';
  return typeof type === 'string' ? type : 'schema';
}

/**
 * A text that is nothing but text: neither a cell's end, nor markup, HTML, a link or a mention. An event may be called
 * `a|b`, or `<img>`, and a name in a lock file anything.
 */
function cell(text: string): string {
  return visibleText(text).replace(/[^\p{L}\p{N} .:/,()-]/gu, (character) => `&#${character.codePointAt(0)};`);
}
