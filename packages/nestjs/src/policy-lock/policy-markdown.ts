import { nameOf, type PolicyDocument } from './policy-document.js';
import { fieldOf, type PlainValue } from './plain-value.js';
import { accessText, throttleText, visibleText } from './policy-words.js';

/** The policy as Markdown: a table for each place that clients connect to. */
export function policyMarkdown({ endpoints }: PolicyDocument): string {
  const parts = endpoints.map((endpoint) => {
    const { origins, authenticators, events } = endpoint;
    const rows = events.map(({ event, handler, access, throttles, payload, ...more }) => [
      event,
      more['reported'] === true ? `${accessText(access)} (reported only)` : accessText(access),
      throttles.length === 0 ? 'as its connection' : throttles.map(throttleText).join(' and '),
      payloadText(payload),
      handler,
    ]);
    return [
      `## ${cell(nameOf(endpoint))}`,
      '',
      `- Pages: ${listOf(origins)}`,
      `- Identities: ${listOf(authenticators)}`,
      '',
      ...table(['Event', 'Who may call it', 'How often', 'Payload', 'Handler'], rows),
    ];
  });
  return `${['# WebSocket policy', ...parts.flatMap((part) => ['', ...part])].join('\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))];
}

function listOf(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.map(cell).join(', ');
}

function payloadText(payload: PlainValue): string {
  const pointer = fieldOf(payload, '$ref');
  if (typeof pointer === 'string') return pointer.replace(/^.*\//, '');
  const type = fieldOf(payload, 'type');
  if (type === 'array') return `list of ${payloadText(fieldOf(payload, 'items'))}`;
  if (payload === null) return 'none';
  return typeof type === 'string' ? type : 'schema';
}

/**
 * A text that is nothing but text: neither a cell's end, nor markup, HTML, a link or a mention. An event may be called
 * `a|b`, or `<img>`, and a name in a lock file anything.
 */
function cell(text: string): string {
  return visibleText(text).replace(/[^\p{L}\p{N} .:/,()-]/gu, (character) => `&#${character.codePointAt(0)};`);
}
