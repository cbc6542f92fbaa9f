import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { readEventThrottle } from './read-event-throttle.js';
import type { ThrottleValues, WsThrottleRule } from './throttle-rule.js';
import { hitStorage, type StoredHit, type ThrottlerStorageAnswer } from './throttler-storage.js';

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

/** What a message of a subject asks by some rules. */
const hits = (subject: string, rules: readonly WsThrottleRule[]): readonly StoredHit[] =>
  rules.map((rule, index) => {
    const reader = new OptionReader(rule, 'x', new BootProblems());
    const read = readEventThrottle(reader, {
      handler: 'Chat.send',
      counter: 'app',
      index,
      mode: 'enforce',
      hasStorage: true,
    });
    return { rule: read, values: read.fixed as ThrottleValues, subject: `principal:${subject}` };
  });

const PAIR: readonly WsThrottleRule[] = [
  { limit: 10, ttl: 60_000, blockDuration: 30_000, name: 'minute' },
  { limit: 1, ttl: 500, name: 'burst' },
];

describe('hitStorage', () => {
  it('DR-05 asks for every rule, the one that forgets soonest first', async () => {
    const storage = new Storage();
    await expect(hitStorage(storage, hits('alice', PAIR))).resolves.toBeUndefined();
    expect(storage.asked).toEqual(['burst 1/500/500', 'minute 10/60000/30000']);
  });

  it('F29 what a short window refuses does not count in a long one', async () => {
    const storage = new Storage(['burst', 'minute']);
    const refusal = await hitStorage(storage, hits('alice', PAIR));
    expect(refusal).toMatchObject({ rule: { name: 'burst' }, waitMs: 500 });
    expect(storage.asked).toEqual(['burst 1/500/500']);
  });

  it('F29 goes by the block where it is longer than the window', async () => {
    const storage = new Storage(['long']);
    const rules = [
      { limit: 1, ttl: 100, blockDuration: 60_000, name: 'blocks' },
      { limit: 5, ttl: 5000, name: 'long' },
    ];
    expect(await hitStorage(storage, hits('alice', rules))).toMatchObject({ waitMs: 5000 });
    expect(storage.asked).toEqual(['long 5/5000/5000']);
  });

  it('DR-05 rules without a name do not count in one place, nor do subjects, and no name of a user leaves the node', async () => {
    const storage = new Storage();
    const rules = [
      { limit: 1, ttl: 500 },
      { limit: 10, ttl: 60_000 },
    ];
    for (const subject of ['alice', 'bob']) await hitStorage(storage, hits(subject, rules));
    expect(new Set(storage.keys).size).toBe(4);
    expect(storage.keys.join()).not.toMatch(/alice|bob/);
  });

  it('DR-05 a limit that changes counts on in one place', async () => {
    const storage = new Storage();
    const [hit] = hits('alice', [{ limit: 1, ttl: 500 }]) as [StoredHit];
    for (const limit of [1, 2, 3]) await hitStorage(storage, [{ ...hit, values: { ...hit.values, limit } }]);
    expect(new Set(storage.keys).size).toBe(1);
  });

  const answering = (answer: unknown) => ({ increment: () => Promise.resolve(answer as ThrottlerStorageAnswer) });
  const GOOD = { totalHits: 1, timeToExpire: 1, isBlocked: false, timeToBlockExpire: 0 };
  it.each<readonly [what: string, answer: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['an empty object', {}],
    ['no hits', { ...GOOD, totalHits: undefined }],
    ['NaN hits', { ...GOOD, totalHits: NaN }],
    ['hits below 0', { ...GOOD, totalHits: -1 }],
    ['hits as a text', { ...GOOD, totalHits: '1' }],
    ['a block that is a text', { ...GOOD, isBlocked: 'false' }],
    ['no block', { ...GOOD, isBlocked: undefined }],
  ])('DR-17 refuses where the storage answers %s', async (_what, answer) => {
    await expect(hitStorage(answering(answer), hits('alice', [{ limit: 5, ttl: 1000 }]))).rejects.toThrow(TypeError);
  });

  it.each<readonly [seconds: unknown, waitMs: number]>([
    [NaN, 1000],
    [undefined, 1000],
    [Infinity, 1000],
    [-5, 1],
    [1e300, 2 ** 31 - 1],
    [0.5, 500],
  ])('DR-17 a wait of %s seconds is told as %s ms', async (seconds, waitMs) => {
    const storage = answering({ ...GOOD, isBlocked: true, timeToBlockExpire: seconds });
    expect(await hitStorage(storage, hits('alice', [{ limit: 5, ttl: 1000 }]))).toMatchObject({ waitMs });
  });
});
