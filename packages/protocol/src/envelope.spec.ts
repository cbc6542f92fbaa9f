import { describe, expect, it } from 'vitest';
import { isMessageId } from './envelope.js';

describe('isMessageId', () => {
  it.each([0, -1, 42, Number.MAX_SAFE_INTEGER, 'a', 'A-z_09', 'x'.repeat(64)])('allows %j', (id) => {
    expect(isMessageId(id)).toBe(true);
  });

  it.each([1.5, NaN, Infinity, 2 ** 53, '', 'x'.repeat(65), 'a b', '<script>', 'é', null, undefined, {}, [], true])(
    'refuses %j',
    (id) => {
      expect(isMessageId(id)).toBe(false);
    },
  );
});
