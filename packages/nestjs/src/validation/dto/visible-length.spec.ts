import { length, maxLength, minLength } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLength, visibleLength } from './visible-length.js';

const units = fc.constantFrom(
  'a',
  '\n',
  '\ud800',
  '\udbff',
  '\udc00',
  '\udfff',
  '\ufe0e',
  '\ufe0f',
  '\u{1f44d}',
  '\u2764',
);
const text = fc.array(units, { maxLength: 12 }).map((parts) => parts.join(''));
const bound = fc.integer({ min: 0, max: 14 });

describe('visibleLength', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['\u{1f44d}', 1],
    ['\u2764\ufe0f', 1],
    ['\u{1f44d}\ufe0f', 1],
    ['\ufe0f', 1],
    ['\ud800\ud800', 2],
    ['\udc00\ud800', 2],
    [`a${'\ufe0f'.repeat(100)}`, 100],
  ])('of %j is %i', (value, expected) => {
    expect(visibleLength(value)).toBe(expected);
  });

  it('MV-10 agrees with class-validator on every text and all bounds', () => {
    fc.assert(
      fc.property(text, bound, bound, (value, min, max) => {
        expect(hasLength(value, min, max)).toBe(length(value, min, max));
        expect(hasLength(value, min, Number.MAX_SAFE_INTEGER)).toBe(minLength(value, min));
        expect(hasLength(value, 0, max)).toBe(maxLength(value, max));
      }),
      { numRuns: 2000 },
    );
  });
});
