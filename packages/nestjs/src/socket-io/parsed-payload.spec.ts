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

  it.each([[0], [-1.5], [true], [null], ['text'], ['\u{1f44d}'], [[1, 'a']], [{ a: { b: null } }]])(
    'takes %j',
    (data) => {
      expect(reasonOf(data)).toBeUndefined();
    },
  );
});
