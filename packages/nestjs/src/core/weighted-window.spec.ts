import { describe, expect, it } from 'vitest';
import { WeightedWindow } from './weighted-window.js';

function hit(window: WeightedWindow, now: number, weight: number): number {
  const wait = window.wait(now, weight);
  if (wait === 0) window.take(now, weight);
  return wait;
}

/** What a window of 16 slices of 10 ms has taken: at which moment, how much. */
type Taken = readonly (readonly [now: number, weight: number])[];

function filled(taken: Taken): WeightedWindow {
  const window = new WeightedWindow(100, 160);
  for (const [now, weight] of taken) expect(hit(window, now, weight)).toBe(0);
  return window;
}

describe('WeightedWindow', () => {
  it('takes the limit and no more', () => {
    const window = new WeightedWindow(1000, 1000);
    expect(hit(window, 0, 600)).toBe(0);
    expect(hit(window, 1, 400)).toBe(0);
    expect(hit(window, 2, 1)).toBeGreaterThan(0);
  });

  it('has room at the moment that it names', () => {
    const window = new WeightedWindow(1000, 1000);
    hit(window, 10, 600);
    hit(window, 500, 400);
    const wait = hit(window, 700, 500);
    expect(wait).toBeGreaterThan(0);
    expect(hit(window, 700 + wait, 500)).toBe(0);
  });

  it('is empty after a long pause', () => {
    const window = new WeightedWindow(10, 1000);
    hit(window, 0, 10);
    expect(hit(window, 1_000_000, 10)).toBe(0);
  });

  it('never admits more than the limit in any window', () => {
    const window = new WeightedWindow(100, 160);
    const taken: [number, number][] = [];
    let now = 0;
    for (let i = 0; i < 5000; i++) {
      now += (i * 7919) % 17;
      const weight = 1 + ((i * 31) % 20);
      if (hit(window, now, weight) === 0) taken.push([now, weight]);
    }
    expect(taken.length).toBeGreaterThan(100);
    for (const [i, [moment]] of taken.entries()) {
      const sum = taken.slice(i).reduce((total, [other, weight]) => (other < moment + 160 ? total + weight : total), 0);
      expect(sum).toBeLessThanOrEqual(100);
    }
  });

  it('refuses a weight above the limit for ever', () => {
    const window = new WeightedWindow(10, 1000);
    expect(hit(window, 0, 11)).toBe(1000);
    expect(hit(window, 5000, 11)).toBe(1000);
  });

  it('DR-05 asking takes nothing', () => {
    const window = new WeightedWindow(10, 1000);
    for (let i = 0; i < 3; i++) expect(window.wait(0, 10)).toBe(0);
    expect(window.used(0)).toBe(0);
  });

  // A slice counts until all of it is out of the window: what came from 0 to 9 ms counts until 169.
  it.each<readonly [what: string, taken: Taken, now: number, used: number]>([
    ['nothing', [], 0, 0],
    [
      'all of one slice',
      [
        [0, 5],
        [9, 6],
      ],
      9,
      11,
    ],
    [
      'the first slice, to its last moment',
      [
        [0, 5],
        [9, 6],
      ],
      169,
      11,
    ],
    [
      'the first slice, no longer',
      [
        [0, 5],
        [9, 6],
      ],
      170,
      0,
    ],
    [
      'the later slice only',
      [
        [0, 5],
        [10, 6],
      ],
      170,
      6,
    ],
    [
      'the later slice, to its last moment',
      [
        [0, 5],
        [10, 6],
      ],
      179,
      6,
    ],
    [
      'the later slice, no longer',
      [
        [0, 5],
        [10, 6],
      ],
      180,
      0,
    ],
    ['a slice that begins late', [[1_000_005, 7]], 1_000_169, 7],
    ['a slice that begins late, no longer', [[1_000_005, 7]], 1_000_170, 0],
    ['each of seventeen slices', Array.from({ length: 17 }, (_, i) => [i * 10, 1] as const), 160, 17],
    ['all but the first of seventeen', Array.from({ length: 17 }, (_, i) => [i * 10, 1] as const), 170, 16],
    [
      'what comes after a pause of more than a lap',
      [
        [0, 50],
        [400, 3],
      ],
      400,
      3,
    ],
    ['what comes after a pause of exactly a lap', [[0, 50], [170, 3]], 170, 3],
    // prettier-ignore
  ])('DR-06 counts %s', (_what, taken, now, used) => {
    expect(filled(taken).used(now)).toBe(used);
  });

  it.each<readonly [what: string, taken: Taken, now: number, weight: number, wait: number]>([
    ['no wait where it fits exactly', [[0, 60]], 0, 40, 0],
    [
      'until the first slice is out',
      [
        [0, 60],
        [50, 40],
      ],
      55,
      1,
      115,
    ],
    [
      'until the first slice is out, for all that it holds',
      [
        [0, 60],
        [50, 40],
      ],
      55,
      60,
      115,
    ],
    [
      'until the second slice is out, for one more',
      [
        [0, 60],
        [50, 40],
      ],
      55,
      61,
      165,
    ],
    [
      'until all is out, for the limit',
      [
        [0, 60],
        [50, 40],
      ],
      55,
      100,
      165,
    ],
    [
      'the window, for more than the limit',
      [
        [0, 60],
        [50, 40],
      ],
      55,
      101,
      160,
    ],
    ['the window, for more than the limit of an empty one', [], 3, 101, 160],
    ['at least a millisecond', [[0, 100]], 169.5, 1, 1],
    ['from the newest slice', [[1_000_000, 100]], 1_000_000, 1, 170],
    ['of a slice that wrapped', [[1_000_000, 10], [1_000_100, 90]], 1_000_160, 11, 110],
    // prettier-ignore
  ])('DR-06 waits %s', (_what, taken, now, weight, wait) => {
    const window = filled(taken);
    expect(window.wait(now, weight)).toBe(wait);
    // Asked again it says the same, and at that moment there is room.
    expect(window.wait(now, weight)).toBe(wait);
    if (weight <= 100) expect(window.wait(now + wait, weight)).toBe(0);
  });
});
