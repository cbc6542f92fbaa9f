import { describe, expect, it } from 'vitest';
import { SlidingWindow } from './sliding-window.js';

describe('SlidingWindow', () => {
  it('takes the limit and no more', () => {
    const window = new SlidingWindow(40, 1000);
    const answers = Array.from({ length: 41 }, () => window.hit(5));
    expect(answers.slice(0, 40)).toEqual(Array(40).fill(0));
    expect(answers[40]).toBe(1000);
  });

  it('says when there is room again, and has it then', () => {
    const window = new SlidingWindow(2, 1000);
    window.hit(0);
    window.hit(400);
    expect(window.hit(600)).toBe(400);
    expect(window.hit(1000)).toBe(0);
    expect(window.hit(1000)).toBe(400);
  });

  it('never admits more than the limit in any window, whatever the moments', () => {
    const window = new SlidingWindow(7, 100);
    const taken: number[] = [];
    let now = 0;
    for (let i = 0; i < 5000; i++) {
      now += (i * 7919) % 23;
      if (window.hit(now) === 0) taken.push(now);
    }
    expect(taken.length).toBeGreaterThan(100);
    for (const [i, moment] of taken.entries()) {
      expect(taken.slice(i).filter((other) => other < moment + 100).length).toBeLessThanOrEqual(7);
    }
  });

  it('does not count what it refuses', () => {
    const window = new SlidingWindow(1, 100);
    window.hit(0);
    for (let now = 1; now < 100; now++) expect(window.hit(now)).toBeGreaterThan(0);
    expect(window.hit(100)).toBe(0);
  });

  it('takes a cost as a whole or not at all', () => {
    const window = new SlidingWindow(10, 1000);
    expect(window.hit(0, 6)).toBe(0);
    expect(window.hit(100, 5)).toBe(900);
    expect(window.used(100)).toBe(6);
    expect(window.hit(100, 4)).toBe(0);
    expect(window.hit(999, 6)).toBe(1);
    expect(window.hit(1000, 6)).toBe(0);
  });

  it('never takes a cost above the limit', () => {
    const window = new SlidingWindow(3, 1000);
    expect(window.hit(0, 4)).toBe(1000);
    expect(window.hit(0, 3)).toBe(0);
  });
});
