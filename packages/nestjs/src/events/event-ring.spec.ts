import { describe, expect, it } from 'vitest';
import { EventRing } from './event-ring.js';
import type { SecurityEvent } from './security-event.js';

const event = (option: string): SecurityEvent => ({ type: 'ws.config.weak', option }) as SecurityEvent;

describe('EventRing', () => {
  it('MO-09 takes no more than its capacity', () => {
    const ring = new EventRing(2);

    expect([ring.add(event('a')), ring.add(event('b')), ring.add(event('c'))]).toEqual([true, true, false]);
    expect(ring.size).toBe(2);
  });

  it('gives back what it took, in order, around its end', () => {
    const ring = new EventRing(3);
    const taken: unknown[] = [];
    for (let round = 0; round < 10; round++) {
      ring.add(event(`${round}a`));
      ring.add(event(`${round}b`));
      taken.push(ring.take(), ring.take());
    }

    expect(taken).toEqual(Array.from({ length: 10 }, (_, round) => [event(`${round}a`), event(`${round}b`)]).flat());
    expect(ring.take()).toBeUndefined();
    expect(ring.size).toBe(0);
  });
});
