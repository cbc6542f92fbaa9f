import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { Backoff } from './backoff.js';
import { MemoryStore } from './memory.store.js';

const RULES = { name: 'test', freeFailures: 2, firstDelayMs: 1000, maxDelayMs: 60_000 };

function make(random = 0): { clock: FakeClock; backoff: Backoff } {
  const clock = new FakeClock();
  return { clock, backoff: new Backoff(new MemoryStore(clock, { maxKeys: 1000 }), RULES, () => random) };
}

describe('Backoff', () => {
  it('costs nothing for the free failures', () => {
    const { backoff } = make();
    expect(backoff.remainingMs('k:a')).toBe(0);
    void backoff.fail('k:a');
    void backoff.fail('k:a');
    expect(backoff.remainingMs('k:a')).toBe(0);
  });

  it('AN-10 doubles up to the longest delay, at once or for who waits each one out', () => {
    const { clock, backoff } = make();
    void backoff.fail('k:hasty');
    void backoff.fail('k:hasty');
    void backoff.fail('k:patient');
    void backoff.fail('k:patient');
    const delays: unknown[] = [];
    for (let i = 0; i < 9; i++) {
      void backoff.fail('k:hasty');
      delays.push(backoff.remainingMs('k:hasty'));
    }
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    let last = 0;
    for (let i = 0; i < 12; i++) {
      void backoff.fail('k:patient');
      last = Number(backoff.remainingMs('k:patient'));
      clock.advance(last);
      expect(backoff.remainingMs('k:patient')).toBe(0);
    }
    expect(last).toBe(60_000);
  });

  it('counts down', () => {
    const { clock, backoff } = make();
    for (let i = 0; i < 4; i++) void backoff.fail('k:a');
    clock.advance(500);
    expect(backoff.remainingMs('k:a')).toBe(1500);
    clock.advance(1500);
    expect(backoff.remainingMs('k:a')).toBe(0);
  });

  it('AN-10 forgives in bounded time, however long the attack was', () => {
    const { clock, backoff } = make();
    for (let i = 0; i < 10_000; i++) void backoff.fail('k:a');
    clock.advance(60_000);
    expect(backoff.remainingMs('k:a')).toBe(0);
    clock.advance(20 * 60_000);
    void backoff.fail('k:a');
    expect(backoff.remainingMs('k:a')).toBe(0);
  });

  it('DR-21 lengthens what is left by up to a quarter', () => {
    const { backoff } = make(1);
    for (let i = 0; i < 3; i++) void backoff.fail('k:a');
    expect(backoff.remainingMs('k:a')).toBe(1250);
  });

  it('weighs small failures less', () => {
    const { backoff } = make();
    for (let i = 0; i < 8; i++) void backoff.fail('k:a', 0.25);
    expect(backoff.remainingMs('k:a')).toBe(0);
    for (let i = 0; i < 4; i++) void backoff.fail('k:a', 0.25);
    expect(backoff.remainingMs('k:a')).toBe(1000);
  });

  it('works with one fixed delay', () => {
    const clock = new FakeClock();
    const rules = { name: 'fixed', freeFailures: 0, firstDelayMs: 500, maxDelayMs: 500 };
    const backoff = new Backoff(new MemoryStore(clock, { maxKeys: 1000 }), rules, () => 0);
    for (let i = 0; i < 5; i++) void backoff.fail('k:a');
    clock.advance(499);
    expect(backoff.remainingMs('k:a')).toBe(1);
    clock.advance(1);
    expect(backoff.remainingMs('k:a')).toBe(0);
  });
});
