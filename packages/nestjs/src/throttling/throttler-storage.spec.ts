import { describe, expect, it } from 'vitest';
import type { ThrottleRule } from '../core/rate-windows.js';
import { hitStorage, type ThrottlerStorageAnswer } from './throttler-storage.js';

/** A storage that has no room for some rules. */
class Storage {
  readonly asked: string[] = [];
  readonly keys: string[] = [];

  constructor(readonly full: readonly string[] = []) {}

  increment(key: string, ttl: number, limit: number, block: number, name: string): Promise<ThrottlerStorageAnswer> {
    this.asked.push(`${name} ${limit}/${ttl}/${block}`);
    this.keys.push(key);
    const isBlocked = this.full.includes(name);
    return Promise.resolve({ totalHits: 1, timeToExpire: ttl / 1000, isBlocked, timeToBlockExpire: block / 1000 });
  }
}

const PAIR: readonly ThrottleRule[] = [
  { limit: 10, ttl: 60_000, blockDuration: 30_000, name: 'minute' },
  { limit: 1, ttl: 500, name: 'burst' },
];

describe('hitStorage', () => {
  it('DR-05 asks for every rule, the one that forgets soonest first', async () => {
    const storage = new Storage();
    await expect(hitStorage(storage, 'alice', PAIR)).resolves.toBe(0);
    expect(storage.asked).toEqual(['burst 1/500/500', 'minute 10/60000/30000']);
  });

  it('F29 what a short window refuses does not count in a long one', async () => {
    const storage = new Storage(['burst', 'minute']);
    await expect(hitStorage(storage, 'alice', PAIR)).resolves.toBe(500);
    expect(storage.asked).toEqual(['burst 1/500/500']);
  });

  it('F29 goes by the block where it is longer than the window', async () => {
    const storage = new Storage(['long']);
    const rules = [
      { limit: 1, ttl: 100, blockDuration: 60_000, name: 'blocks' },
      { limit: 5, ttl: 5000, name: 'long' },
    ];
    await expect(hitStorage(storage, 'alice', rules)).resolves.toBe(5000);
    expect(storage.asked).toEqual(['long 5/5000/5000']);
  });

  it('DR-05 rules without a name do not count in one place, nor do subjects', async () => {
    const storage = new Storage();
    const rules = [
      { limit: 1, ttl: 500 },
      { limit: 10, ttl: 60_000 },
    ];
    for (const subject of ['alice', 'bob']) await hitStorage(storage, subject, rules);
    expect(new Set(storage.keys).size).toBe(4);
  });
});
