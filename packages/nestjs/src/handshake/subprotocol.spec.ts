import { SUBPROTOCOLS } from '@secure-ws/protocol';
import { describe, expect, it } from 'vitest';
import { chooseSubprotocol, parseSubprotocols } from './subprotocol.js';

describe('chooseSubprotocol', () => {
  it.each([
    [undefined, undefined],
    ['json.v1', 'json.v1'],
    ['secure-ws.v1', 'secure-ws.v1'],
    ['json.v1, secure-ws.v1', 'secure-ws.v1'],
    ['bearer.a.b.c, json.v1', 'json.v1'],
    ['json.v1,\t bearer.a.b.c ,csrf.d', 'json.v1'],
    ['graphql-ws, json.v1', 'json.v1'],
  ])('HS-10 chooses from %j: %s', (header, expected) => {
    const choice = chooseSubprotocol(header, SUBPROTOCOLS);
    expect(choice).toBeDefined();
    expect(choice?.selected).toBe(expected);
  });

  it.each([
    'evil-proto',
    'bearer.a.b.c',
    'csrf.a',
    'bearer.a, csrf.b',
    'JSON.V1',
    'json.v1x',
    'json.v1;q=1',
    '',
    ' ',
    ',',
    'json.v1,',
    ',json.v1',
    'json.v1,,a',
    'json.v1, json.v1',
    'json.v1 a',
    '"json.v1"',
    'json.v1, a\u00a0',
    'json.v1, \u00ff',
    'json.v1, a=b/c',
    'json.v1, __proto__, constructor, (x)',
  ])('HS-10 answers nothing to %j', (header) => {
    expect(chooseSubprotocol(header, SUBPROTOCOLS)).toBeUndefined();
  });

  it('HS-10 allows sixteen entries and no more', () => {
    const others = (count: number): string => Array.from({ length: count }, (_, index) => `p${index}`).join();
    expect(chooseSubprotocol(`json.v1,${others(15)}`, SUBPROTOCOLS)?.selected).toBe('json.v1');
    expect(chooseSubprotocol(`json.v1,${others(16)}`, SUBPROTOCOLS)).toBeUndefined();
  });
});

describe('parseSubprotocols', () => {
  // Each of these took `ws` 7.4.5 seconds to minutes at a third of the length (CVE-2021-32640). No head is that long: a
  // reader whose time grows with the square of the length misses the time of a test by far.
  it.each([
    ['spaces at the end', `json.v1${' '.repeat(200_000)}x`],
    ['spaces at the beginning', `${' '.repeat(200_000)}\u0001`],
    ['spaces and tabs between', `a${' \t'.repeat(100_000)}b`],
    ['commas', ','.repeat(200_000)],
    ['a long token', `${'a'.repeat(200_000)}(`],
    ['spaced commas', ' , '.repeat(66_000)],
  ])('DR-22 refuses 200,000 characters of %s', (_, header) => {
    expect(parseSubprotocols(header)).toBeUndefined();
  });

  it('DR-22 reads a list with long blanks', () => {
    expect(parseSubprotocols(`${' '.repeat(30_000)}a${'\t'.repeat(30_000)},b`)).toEqual(['a', 'b']);
  });

  it.each([
    ['json.v1, chat.v1, chat.v2, secure-ws.v1', 'chat.v2'],
    ['chat.v1', 'chat.v1'],
    ['secure-ws.v1', 'secure-ws.v1'],
  ])('HS-10 prefers what the gateway lists, in its order: %j', (header, expected) => {
    expect(chooseSubprotocol(header, ['chat.v2', 'chat.v1', ...SUBPROTOCOLS])?.selected).toBe(expected);
  });
});
