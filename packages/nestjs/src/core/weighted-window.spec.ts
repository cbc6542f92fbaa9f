import { describe, expect, it } from 'vitest';
import { WeightedWindow } from './weighted-window.js';

describe('WeightedWindow', () => {
  it('takes the limit and no more', () => {
    const window = new WeightedWindow(1000, 1000);
    expect(window.hit(0, 600)).toBe(0);
    expect(window.hit(1, 400)).toBe(0);
    expect(window.hit(2, 1)).toBeGreaterThan(0);
  });

  it('has room at the moment that it names', () => {
    const window = new WeightedWindow(1000, 1000);
    window.hit(10, 600);
    window.hit(500, 400);
    const wait = window.hit(700, 500);
    expect(wait).toBeGreaterThan(0);
    expect(window.hit(700 + wait, 500)).toBe(0);
  });

  it('is empty after a long pause', () => {
    const window = new WeightedWindow(10, 1000);
    window.hit(0, 10);
    expect(window.hit(1_000_000, 10)).toBe(0);
  });

  it('never admits more than the limit in any window', () => {
    const window = new WeightedWindow(100, 160);
    const taken: [number, number][] = [];
    let now = 0;
    for (let i = 0; i < 5000; i++) {
      now += (i * 7919) % 17;
      const weight = 1 + ((i * 31) % 20);
      if (window.hit(now, weight) === 0) taken.push([now, weight]);
    }
    expect(taken.length).toBeGreaterThan(100);
    for (const [i, [moment]] of taken.entries()) {
      const sum = taken.slice(i).reduce((total, [other, weight]) => (other < moment + 160 ? total + weight : total), 0);
      expect(sum).toBeLessThanOrEqual(100);
    }
  });

  it('refuses a weight above the limit for ever', () => {
    const window = new WeightedWindow(10, 1000);
    expect(window.hit(0, 11)).toBe(1000);
    expect(window.hit(5000, 11)).toBe(1000);
  });
});
