import { describe, expect, it } from 'vitest';
import { readRetryAfter, retryDelay } from './retry-delay.js';

describe('retryDelay', () => {
  it.each([
    [1, 0, 0, 500],
    [1, 0, 1, 1000],
    [2, 0, 1, 2000],
    [3, 0, 0.5, 3000],
    [7, 0, 1, 60_000],
    [100, 0, 1, 60_000],
    [5000, 0, 0, 30_000],
    [1, 120_000, 0, 120_000],
    [7, 1000, 0, 30_000],
    [1, 900_001, 1, 900_000],
    [1, 999_999_999_000, 1, 900_000],
  ])('after failure %i, asked for %i ms, with chance %f: %i ms', (failures, retryAfterMs, random, delay) => {
    expect(retryDelay(failures, retryAfterMs, random)).toBe(delay);
  });
});

describe('readRetryAfter', () => {
  const now = Date.UTC(2026, 10, 27, 12);

  it.each<[string | null, number]>([
    [null, 0],
    ['', 0],
    ['0', 0],
    ['120', 120_000],
    ['Fri, 27 Nov 2026 12:02:00 GMT', 120_000],
    ['Fri, 27 Nov 2026 11:00:00 GMT', 0],
    ['-5', 0],
    ['1.5', 0],
    ['9999999999', 0],
    ['soon', 0],
    ['2026-11-27T12:02:00Z', 0],
    ['Xxx, 99 Foo 2026 99:99:99 GMT', 0],
  ])('reads %j as %i ms', (field, ms) => {
    expect(readRetryAfter(field, now)).toBe(ms);
  });
});
