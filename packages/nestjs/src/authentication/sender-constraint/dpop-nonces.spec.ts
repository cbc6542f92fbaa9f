import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { DpopNonces } from './dpop-nonces.js';

const MAX_AGE_MS = 300_000;
/** Where a period begins. */
const START = MAX_AGE_MS * 5_900_000;
const newKey = () => createSecretKey(randomBytes(32));
const [KEY, OLD_KEY, OTHER_KEY] = [newKey(), newKey(), newKey()];

function setUp(keys = [KEY], maxAgeMs = MAX_AGE_MS, startsAt = START) {
  const clock = new FakeClock(startsAt);
  return { clock, nonces: new DpopNonces({ keys, maxAgeMs }, clock) };
}

describe('DpopNonces', () => {
  it('AN-06 makes the same nonce for one period, on every node, and another one for the next', () => {
    const { clock, nonces } = setUp();
    const first = nonces.current();
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    clock.advance(MAX_AGE_MS - 1);
    expect(nonces.current()).toBe(first);
    expect(setUp().nonces.current()).toBe(first);
    clock.advance(1);
    expect(nonces.current()).not.toBe(first);
  });

  it('AN-06 takes a nonce at least for its time and at most for twice as long', () => {
    const { clock, nonces } = setUp();
    const nonce = nonces.current();
    expect(nonces.isValid(nonce)).toBe(true);
    clock.advance(2 * MAX_AGE_MS - 1);
    expect(nonces.isValid(nonce)).toBe(true);
    clock.advance(1);
    expect(nonces.isValid(nonce)).toBe(false);
  });

  it('AN-06 takes no nonce of a time to come', () => {
    const next = setUp([KEY], MAX_AGE_MS, START + MAX_AGE_MS).nonces.current();
    expect(setUp().nonces.isValid(next)).toBe(false);
  });

  it('AN-06 makes nonces with the first key of a list, and takes those of each', () => {
    const [ofNew, ofOld, ofOther] = [KEY, OLD_KEY, OTHER_KEY].map((key) => setUp([key]).nonces.current());
    const { nonces } = setUp([KEY, OLD_KEY]);
    expect(nonces.current()).toBe(ofNew);
    expect([ofNew, ofOld, ofOther].map((nonce) => nonces.isValid(nonce))).toEqual([true, true, false]);
  });

  it('AN-06 takes nothing that is no whole nonce', () => {
    const { nonces } = setUp();
    const nonce = nonces.current();
    const altered = `${nonce.startsWith('A') ? 'B' : 'A'}${nonce.slice(1)}`;
    for (const wrong of [undefined, null, 7, [nonce], {}, '', nonce.slice(1), `${nonce}A`, ` ${nonce}`, altered]) {
      expect(nonces.isValid(wrong)).toBe(false);
    }
  });

  it('AN-06 takes nothing where no key is left', () => {
    const { nonces } = setUp([]);
    expect(nonces.current()).toBe('');
    expect(nonces.isValid('')).toBe(false);
  });
});
