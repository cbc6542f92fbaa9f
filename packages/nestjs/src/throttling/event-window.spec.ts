import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WeightedWindow } from '../core/weighted-window.js';
import { EventWindow } from './event-window.js';
import type { EventThrottle } from './throttle-rule.js';

describe('EventWindow', () => {
  it('DR-16 keeps a bounded number of lengths, and what was taken in those that it gave up', () => {
    const take = vi.spyOn(WeightedWindow.prototype, 'take');
    onTestFinished(() => {
      take.mockRestore();
    });
    const window = new EventWindow({ by: 'principal' } as EventThrottle);
    const valuesOf = (ttl: number) => ({ limit: 3, ttl, blockMs: 0, cost: 1 });
    for (let ttl = 60_000; ttl < 60_100; ttl++) window.wait(0, valuesOf(ttl));
    window.take(0, valuesOf(60_099));
    expect(take).toHaveBeenCalledTimes(8);
    // One that it no longer has begins with what the others hold.
    for (let taken = 1; taken < 3; taken++) {
      expect(window.wait(0, valuesOf(60_000))).toBe(0);
      window.take(0, valuesOf(60_000));
    }
    expect(window.wait(0, valuesOf(60_001))).toBeGreaterThan(0);
  });

  it('DR-05 DR-16 messages of many short lengths do not have the long one forgotten', () => {
    const window = new EventWindow({ by: 'principal' } as EventThrottle);
    const valuesOf = (ttl: number) => ({ limit: 3, ttl, blockMs: 0, cost: 1 });
    for (let taken = 0; taken < 3; taken++) {
      expect(window.wait(0, valuesOf(60_000))).toBe(0);
      window.take(0, valuesOf(60_000));
    }
    for (let ttl = 1000; ttl < 1012; ttl++) expect(window.wait(0, valuesOf(ttl))).toBeGreaterThan(0);
    expect(window.wait(2000, valuesOf(60_000))).toBeGreaterThan(50_000);
  });
});
