import { describe, expect, it } from 'vitest';
import { LogReader } from './log-reader.js';

/** A reading that ends when it is told to. */
function heldReader() {
  const ends: (() => void)[] = [];
  const reader = new LogReader(() => new Promise((resolve) => ends.push(resolve)));
  const end = async (): Promise<void> => {
    ends.at(-1)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { reader, end, count: () => ends.length };
}

describe('LogReader', () => {
  it('SL-04 reads four times a second, and twice where hints arrive', async () => {
    const { reader, end, count } = heldReader();
    for (let now = 0; now < 1000; now += 125) {
      reader.tick(now, false);
      await end();
    }
    expect(count()).toBe(4);
    for (let now = 1000; now < 2000; now += 125) {
      reader.tick(now, true);
      await end();
    }
    expect(count()).toBe(6);
  });

  it('SL-04 reads at a hint, and once more for all that came while it read', async () => {
    const { reader, end, count } = heldReader();
    reader.hint();
    expect(count()).toBe(1);
    reader.hint();
    reader.hint();
    reader.tick(0, false);
    expect(count()).toBe(1);
    await end();
    expect(count()).toBe(2);
    await end();
    expect(count()).toBe(2);
  });

  it('DP-06 follows ten hints in a quarter of a second', async () => {
    const { reader, end, count } = heldReader();
    reader.tick(0, true);
    await end();
    for (let i = 0; i < 100; i++) {
      reader.hint();
      await end();
    }
    expect(count()).toBe(11);
    reader.tick(250, true);
    reader.hint();
    expect(count()).toBe(12);
  });
});
