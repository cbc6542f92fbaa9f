import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AUTHENTICATION_FAILURES } from '../authentication/authentication-failures.js';
import { HANDSHAKE_REASONS, MESSAGE_REASONS, TICKET_REASONS } from './event-reasons.js';
import { OPERATOR_REFUSALS } from './catalogue/operator-events.js';
import { rowOf, SECURITY_EVENT_TYPES } from './security-event.js';

const page = readFileSync(new URL('../../../../docs/guide/events.md', import.meta.url), 'utf8');

/** The cells of every table row, without the padding. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())); // prettier-ignore

const cellsOf = (first: string): string[] | undefined => rows.find(([cell]) => cell === `\`${first}\``);

describe('docs/guide/events.md', () => {
  it.each(SECURITY_EVENT_TYPES)('MO-03 lists %s with its level and its fields', (type) => {
    const { level, fields, optional = {} } = rowOf(type);
    const names = [...Object.keys(fields), ...Object.keys(optional).map((name) => `${name}?`)];

    expect(cellsOf(type)?.slice(1, 3)).toEqual([level, names.map((name) => `\`${name}\``).join(' ')]);
  });

  it('lists no event that there is not', () => {
    const listed = rows.flatMap(([cell = '']) => /^`(ws\..*)`$/.exec(cell)?.slice(1) ?? []);

    expect(listed).toEqual([...SECURITY_EVENT_TYPES]);
  });

  it('MO-02 explains every failure of a credential, and no other', () => {
    const from = rows.findIndex(([cell]) => cell === '`failure`');
    const words = rows.slice(from + 2, from + 2 + Object.keys(AUTHENTICATION_FAILURES).length).map(([cell]) => cell);

    expect(new Set(words)).toEqual(new Set(Object.keys(AUTHENTICATION_FAILURES).map((word) => `\`${word}\``))); // prettier-ignore
    expect(rows[from + 2 + words.length]?.[0]).toBe('reason');
  });

  it.each(
    [HANDSHAKE_REASONS, MESSAGE_REASONS, TICKET_REASONS, OPERATOR_REFUSALS].flatMap((reasons) =>
      Object.entries(reasons),
    ),
  )('MO-03 MO-04 lists the reason %s as %s', (reason, name) => {
    const second = name === 'by-code' ? 'by its code' : `\`${name}\``;
    expect(rows).toContainEqual([`\`${reason}\``, second]);
  });
});
