import { describe, expect, it } from 'vitest';
import { RateWindows, type ThrottleRule } from './rate-windows.js';

/** One step of a client: at a moment it sends some, and is told to wait. */
type Step = readonly [now: number, cost: number, wait: number];

describe('RateWindows', () => {
  it.each<readonly [what: string, rules: readonly ThrottleRule[], steps: readonly Step[]]>([
    ['takes everything without a rule', [], [[0, 1000, 0]]],
    [
      'takes everything with an infinite limit',
      [{ limit: Infinity, ttl: 1000, blockDuration: 5 }],
      [
        [0, 1e9, 0],
        [0, 1e9, 0],
      ],
    ],
    [
      'waits for the longer of two',
      [
        { limit: 1, ttl: 100 },
        { limit: 1, ttl: 1000 },
      ],
      [
        [0, 1, 0],
        [0, 1, 1000],
        [500, 1, 500],
      ],
    ],
    [
      'takes a cost as a whole',
      [{ limit: 5, ttl: 100 }],
      [
        [0, 3, 0],
        [0, 3, 100],
        [0, 2, 0],
        [0, 1, 100],
      ],
    ],
    [
      'F29 takes a hit in every window or in none: what the short one refuses does not use up the long one',
      [
        { limit: 1, ttl: 100 },
        { limit: 2, ttl: 1000 },
      ],
      [
        [0, 1, 0],
        [1, 1, 99],
        [2, 1, 98],
        [100, 1, 0],
        [200, 1, 800],
      ],
    ],
    [
      'F29 in either order of the rules',
      [
        { limit: 2, ttl: 1000 },
        { limit: 1, ttl: 100 },
      ],
      [
        [0, 1, 0],
        [1, 1, 99],
        [2, 1, 98],
        [100, 1, 0],
        [200, 1, 800],
      ],
    ],
    [
      "F29 the guide's pair: a hasty client is not blocked by what was refused",
      [
        { limit: 1, ttl: 500, name: 'burst' },
        { limit: 10, ttl: 60_000, blockDuration: 30_000, name: 'minute' },
      ],
      [[0, 1, 0], ...Array.from({ length: 50 }, (_, i): Step => [i + 1, 1, 499 - i]), [500, 1, 0]],
    ],
    [
      'F29 blocks from the first hit that its own window has no room for, and does not prolong it',
      [
        { limit: 1, ttl: 100 },
        { limit: 2, ttl: 200, blockDuration: 5000 },
      ],
      [
        [0, 1, 0],
        [50, 1, 50],
        [100, 1, 0],
        [150, 1, 5000],
        [1150, 1, 4000],
        [5149, 1, 1],
        [5150, 1, 0],
      ],
    ],
    [
      'counts nothing while it blocks',
      [{ limit: 3, ttl: 1000, blockDuration: 100 }],
      [
        [0, 3, 0],
        [950, 1, 100],
        [1000, 1, 50],
        [1049, 1, 1],
        [1050, 3, 0],
      ],
    ],
    [
      'counts large limits in slices',
      [{ limit: 1025, ttl: 1600 }],
      [
        [0, 1025, 0],
        [0, 1, 1700],
        [1699, 1, 1],
        [1700, 1025, 0],
      ],
    ],
    ['keeps every moment of small ones', [{ limit: 1024, ttl: 1600 }], [[0, 1024, 0], [0, 1, 1600], [1600, 1024, 0]]],
    // prettier-ignore
  ])('DR-05 %s', (_what, rules, steps) => {
    const windows = new RateWindows(rules);
    expect(steps.map(([now, cost]) => [now, cost, windows.hit(now, cost)])).toEqual(steps);
  });

  it('F29 asking takes nothing; what is taken counts everywhere', () => {
    const windows = new RateWindows([
      { limit: 1, ttl: 100 },
      { limit: 4, ttl: 1000 },
    ]);
    for (let i = 0; i < 5; i++) expect(windows.wait(0)).toBe(0);
    windows.take(0);
    expect(windows.share(0)).toBe(1);
    expect(windows.share(100)).toBe(0.25);
    expect(windows.share(1000)).toBe(0);
  });

  it('DR-16 a block is the most that there is against a key', () => {
    const windows = new RateWindows([{ limit: 1, ttl: 10, blockDuration: 1000 }]);
    windows.hit(0);
    windows.hit(1);
    expect(windows.share(1000)).toBe(1);
    expect(windows.share(1001)).toBe(0);
  });
});
