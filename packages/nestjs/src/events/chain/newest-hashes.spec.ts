import { describe, expect, it } from 'vitest';
import { NewestHashes } from './newest-hashes.js';

describe('NewestHashes', () => {
  it.each([
    [0, [undefined, undefined]],
    [2, ['h1', 'h0', undefined]],
    [3, ['h2', 'h1', 'h0', undefined]],
    [4, ['h3', 'h2', 'h1', undefined]],
    [8, ['h7', 'h6', 'h5', undefined]],
  ] as const)('MO-08 keeps the newest three of %i', (count, kept) => {
    const hashes = new NewestHashes(3);
    for (let index = 0; index < count; index++) hashes.add(`h${index}`);
    expect(kept.map((_, newer) => hashes.before(newer))).toEqual(kept);
  });

  it('MO-08 begins again when it is cleared', () => {
    const hashes = new NewestHashes(3);
    for (let index = 0; index < 5; index++) hashes.add(`h${index}`);
    hashes.clear();
    expect(hashes.before(0)).toBeUndefined();
    hashes.add('h9');
    expect([hashes.before(0), hashes.before(1)]).toEqual(['h9', undefined]);
  });
});
