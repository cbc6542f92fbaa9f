import { describe, expect, it } from 'vitest';
import { settled } from './settled.js';

/** Takes one letter off, down to a length. */
const shorten = (to: number) => (text: string) => (text.length > to ? text.slice(1) : text);

describe('settled', () => {
  it.each<readonly [text: string, to: number, clean: string]>([
    ['abc', 3, 'abc'],
    ['abc', 2, 'bc'],
    ['abcdef', 2, 'ef'],
    // A fifth time: nothing says what a sixth would make of it.
    ['abcdefg', 2, ''],
  ])(
    'MV-14 repeats a pass until it changes nothing, and keeps nothing of what never settles: %s to %s',
    (text, to, clean) => {
      expect(settled(text, shorten(to))).toBe(clean);
    },
  );
});
