import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, type CloseCodeName } from './close-codes.js';
import { ERROR_MESSAGES } from './error-codes.js';
import { SUBPROTOCOLS } from './subprotocols.js';

const page = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe('docs/PROTOCOL.md', () => {
  it.each(Object.keys(CLOSE_CODES) as CloseCodeName[])('TR-11 lists the close code %s as it is', (name) => {
    const { code, word, advice } = CLOSE_CODES[name];
    const row = rows.find((cells) => cells[1] === name);
    expect(row?.[0]).toBe(String(code));
    expect(row?.[2]).toBe(`\`${word}\``);
    expect(row?.[3]).toContain(`(\`${advice}\`)`);
  });

  it('lists no close code that does not exist', () => {
    const listed = rows.filter((cells) => /^\d{4}$/.test(cells[0] ?? '')).map((cells) => cells[1]);
    expect(new Set(listed)).toEqual(new Set(Object.keys(CLOSE_CODES)));
  });

  it.each(Object.keys(ERROR_MESSAGES))('lists the error code %s', (code) => {
    expect(rows.some((cells) => cells[0] === `\`${code}\``)).toBe(true);
  });

  it.each(SUBPROTOCOLS)('lists the subprotocol %s', (subprotocol) => {
    expect(rows.some((cells) => cells[0] === `\`${subprotocol}\``)).toBe(true);
  });
});
