import { describe, expect, it } from 'vitest';
import { measurePayload } from './parsed-payload.js';

const LIMITS = { maxDepth: 5, maxKeys: 3, maxNodes: 10, maxMessageBytes: 1000 };

const reasonOf = (data: unknown): string | undefined => measurePayload(data, LIMITS).refusal?.reason;

describe('a payload that another adapter has parsed', () => {
  // JSON.parse of 1e999 is Infinity, and a parser of MessagePack hands on what it got.
  it.each([JSON.parse('1e999') as number, JSON.parse('-1e999') as number, Number.NaN])(
    'MV-09 has no number %d, at any depth',
    (number) => {
      expect(reasonOf(number)).toBe('json-number');
      expect(reasonOf({ a: [{ b: number }] })).toBe('json-number');
    },
  );

  it.each(['a\0b', 'a\ud83d', '\ude00\ud83d'])('MV-10 has no broken text %j, in a value or in a name', (text) => {
    expect(reasonOf(text)).toBe('json-text');
    expect(reasonOf({ a: [text] })).toBe('json-text');
    expect(reasonOf({ [text]: 1 })).toBe('json-text');
  });

  /** The envelope of a text message is one level, and one value: there is one of each less for what is inside. */
  it.each<readonly [what: string, largest: unknown, reason: string, larger: unknown]>([
    ['levels', [{ a: [[1]] }], 'json-depth', [{ a: [[[]]] }]],
    ['keys', { a: { b: 1, c: 1, d: 1 } }, 'json-keys', { a: { b: 1, c: 1, d: 1, e: 1 } }],
    ['values', [1, [2, 3, 4, 5], 6, 7], 'json-nodes', [1, [2, 3, 4, 5], 6, 7, 8]],
    ['text', ['a'.repeat(500), 'b'.repeat(500)], 'message-size', ['a'.repeat(500), 'b'.repeat(501)]],
    ['names', { [`a${'b'.repeat(995)}`]: 1 }, 'message-size', { [`a${'b'.repeat(996)}`]: 1 }],
  ])('MV-06 takes no more %s than a text message may have', (_what, largest, reason, larger) => {
    expect(reasonOf(largest)).toBeUndefined();
    expect(reasonOf(larger)).toBe(reason);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('MV-04 has no name %s, at any depth', (name) => {
    const object: unknown = JSON.parse(`{"${name}":1}`);
    for (const data of [object, { a: object }, [{ a: [object] }]]) expect(reasonOf(data)).toBe('json-forbidden-key');
  });

  it.each([[0], [-1.5], [true], [null], ['text'], ['\u{1f44d}'], [[1, 'a']], [{ a: { b: null } }]])(
    'takes %j',
    (data) => {
      expect(reasonOf(data)).toBeUndefined();
    },
  );
});
