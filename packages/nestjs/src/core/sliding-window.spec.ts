import { describe, expect, it } from 'vitest';
import { SlidingWindow } from './sliding-window.js';

function hit(window: SlidingWindow, now: number, cost = 1): number {
  const wait = window.wait(now, cost);
  if (wait === 0) window.take(now, cost);
  return wait;
}

describe('SlidingWindow', () => {
  it('takes the limit and no more', () => {
    const window = new SlidingWindow(40, 1000);
    const answers = Array.from({ length: 41 }, () => hit(window, 5));
    expect(answers.slice(0, 40)).toEqual(Array(40).fill(0));
    expect(answers[40]).toBe(1000);
  });

  it('says when there is room again, and has it then', () => {
    const window = new SlidingWindow(2, 1000);
    hit(window, 0);
    hit(window, 400);
    expect(hit(window, 600)).toBe(400);
    expect(hit(window, 1000)).toBe(0);
    expect(hit(window, 1000)).toBe(400);
  });

  it('never admits more than the limit in any window, whatever the moments', () => {
    const window = new SlidingWindow(7, 100);
    const taken: number[] = [];
    let now = 0;
    for (let i = 0; i < 5000; i++) {
      now += (i * 7919) % 23;
      if (hit(window, now) === 0) taken.push(now);
    }
    expect(taken.length).toBeGreaterThan(100);
    for (const [i, moment] of taken.entries()) {
      expect(taken.slice(i).filter((other) => other < moment + 100).length).toBeLessThanOrEqual(7);
    }
  });

  it('does not count what it refuses', () => {
    const window = new SlidingWindow(1, 100);
    hit(window, 0);
    for (let now = 1; now < 100; now++) expect(hit(window, now)).toBeGreaterThan(0);
    expect(hit(window, 100)).toBe(0);
  });

  it('takes a cost as a whole or not at all', () => {
    const window = new SlidingWindow(10, 1000);
    expect(hit(window, 0, 6)).toBe(0);
    expect(hit(window, 100, 5)).toBe(900);
    expect(window.used(100)).toBe(6);
    expect(hit(window, 100, 4)).toBe(0);
    expect(hit(window, 999, 6)).toBe(1);
    expect(hit(window, 1000, 6)).toBe(0);
  });

  it('never takes a cost above the limit', () => {
    const window = new SlidingWindow(3, 1000);
    expect(hit(window, 0, 4)).toBe(1000);
    expect(hit(window, 0, 3)).toBe(0);
  });

  it('DR-05 asking takes nothing', () => {
    const window = new SlidingWindow(1, 1000);
    for (let i = 0; i < 3; i++) expect(window.wait(0, 1)).toBe(0);
    expect(window.used(0)).toBe(0);
  });

  it('keeps its order when the ring grows after it has wrapped', () => {
    const window = new SlidingWindow(20, 100);
    for (let now = 0; now < 8; now++) hit(window, now);
    // Five are over, six more come: the ring of eight wraps, then grows.
    for (let i = 0; i < 6; i++) expect(hit(window, 104)).toBe(0);
    expect(window.used(104)).toBe(9);
    expect(window.used(105)).toBe(8);
    expect(window.used(107)).toBe(6);
    expect(window.used(203)).toBe(6);
    expect(window.used(204)).toBe(0);
  });

  it('takes what is more than its limit when it is told to, and forgets each at its time', () => {
    const window = new SlidingWindow(2, 100);
    for (const now of [0, 10, 20]) window.take(now, 1);
    expect(window.used(99)).toBe(3);
    expect([window.used(100), window.used(110), window.used(120)]).toEqual([2, 1, 0]);
  });
});
