import { describe, expect, it } from 'vitest';
import { AttemptLimiter } from './attempt-limiter.js';

function limiter(limit: number, maxKeys = 100): { attempts: AttemptLimiter; clock: { now: number } } {
  const clock = { now: 1000 };
  return { attempts: new AttemptLimiter({ limit, windowMs: 60_000, maxKeys }, () => clock.now), clock };
}

describe('AttemptLimiter', () => {
  it('allows the limit and says how long to wait beyond it', () => {
    const { attempts, clock } = limiter(2);
    expect([attempts.take('a'), attempts.take('a')]).toEqual([0, 0]);
    clock.now += 20_000;
    expect(attempts.take('a')).toBe(40_000);
    expect(attempts.take('b')).toBe(0);
  });

  it('starts over after the window', () => {
    const { attempts, clock } = limiter(1);
    attempts.take('a');
    clock.now += 60_000;
    expect(attempts.take('a')).toBe(0);
  });

  it('takes a good attempt back, and never more than were counted', () => {
    const { attempts } = limiter(1);
    attempts.take('a');
    attempts.giveBack('a');
    attempts.giveBack('a');
    attempts.giveBack('unknown');
    expect([attempts.take('a'), attempts.take('a')]).toEqual([0, 60_000]);
  });

  it('keeps at most maxKeys keys and gives up the one that ends next', () => {
    const { attempts, clock } = limiter(1, 3);
    for (const key of ['a', 'b', 'c', 'd']) {
      clock.now += 1;
      attempts.take(key);
    }
    expect(attempts.size).toBe(3);
    expect(attempts.take('b')).toBeGreaterThan(0);
    expect(attempts.take('a')).toBe(0);
  });

  it('drops ended windows when it is full', () => {
    const { attempts, clock } = limiter(1, 3);
    for (const key of ['a', 'b', 'c']) attempts.take(key);
    clock.now += 60_000;
    attempts.take('d');
    expect(attempts.size).toBe(1);
  });
});
