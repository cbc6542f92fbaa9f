import { describe, expect, it } from 'vitest';
import { type KeyEntry, KeyTable } from './key-table.js';

class Counted implements KeyEntry {
  lastAt = 0;
  isPinned = false;
  hits = 0;

  constructor(readonly key: string) {}

  used(): number {
    return this.hits;
  }
}

function tableOf(maxKeys: number) {
  const table = new KeyTable(maxKeys, (key) => new Counted(key));
  let now = 0;
  const hit = (key: string): number => {
    const entry = table.take(key, ++now);
    if (entry === undefined) return 0;
    return ++entry.hits;
  };
  return { table, hit };
}

describe('KeyTable', () => {
  it('MO-03 holds no more keys than it may, whatever comes', () => {
    const { table, hit } = tableOf(1000);
    for (let i = 0; i < 1_000_000; i++) hit(`noise-${i}`);

    expect(table.size).toBe(1000);
  });

  it('MO-03 loses nobody who does more than the crowd: one in a hundred of a million hits is counted to the last', () => {
    const { hit } = tableOf(1000);
    let counted = 0;
    for (let i = 0; i < 1_000_000; i++) {
      hit(`noise-${i}`);
      if (i % 100 === 0) counted = hit('guesser');
    }

    expect(counted).toBe(10_000);
  });

  it('MO-03 loses nobody to a crowd that comes as often as it has room for, each twice', () => {
    const { hit } = tableOf(1000);
    let counted = 0;
    for (let i = 0; i < 200_000; i++) {
      hit(`noise-${i}`);
      hit(`noise-${i}`);
      if (i % 20 === 0) counted = hit('guesser');
    }

    expect(counted).toBe(10_000);
  });

  it('MO-03 loses none of a hundred who do more than the crowd, and come once the table is full', () => {
    const { hit } = tableOf(1000);
    for (let i = 0; i < 1000; i++) hit(`noise-${i}`);
    const counted = new Map<string, number>();
    for (let i = 0; i < 100_000; i++) {
      hit(`crowd-${i}`);
      if (i % 4 === 0) counted.set(`guesser-${(i / 4) % 100}`, hit(`guesser-${(i / 4) % 100}`));
    }

    expect(new Set(counted.values())).toEqual(new Set([250]));
  });

  it('MO-03 gives up who has been quiet for longer, wherever it stands', () => {
    const { hit } = tableOf(2);
    for (const key of ['a', 'b', 'b', 'a', 'c']) hit(key);

    expect(hit('a')).toBe(3);
  });

  it('gives up who has least, and of those who has been quiet for longest', () => {
    const { table, hit } = tableOf(3);
    for (const key of ['a', 'a', 'b', 'c', 'b', 'c', 'a']) hit(key);
    hit('d');

    expect(hit('a')).toBe(4);
    expect(hit('c')).toBe(3);
    expect(table.size).toBe(3);
    expect(hit('b')).toBe(1);
  });

  it('keeps what is pinned, and takes nobody new where all are', () => {
    const { table, hit } = tableOf(2);
    for (const key of ['a', 'b']) {
      hit(key);
      (table.take(key, 0) as Counted).isPinned = true;
    }

    expect(hit('c')).toBe(0);
    expect([hit('a'), hit('b')]).toEqual([2, 2]);
  });
});
