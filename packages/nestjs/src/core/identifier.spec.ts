import { expect, it } from 'vitest';
import { randomId } from './identifier.js';

it('draws ids of 128 bits that never come again, however many are drawn at once', () => {
  const ids = Array.from({ length: 1000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => Buffer.from(id, 'base64url').length === 16)).toBe(true);
});
