import { describe, expect, it } from 'vitest';
import { type Deadline, DeadlineList } from './deadline-list.js';

class Entry implements Deadline {
  due = 0;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  constructor(readonly name: string) {}
}

describe('DeadlineList', () => {
  it('reports what is due, in order, and keeps the rest', () => {
    const expired: string[] = [];
    const list = new DeadlineList<Entry>(100, (entry) => expired.push(entry.name));
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new Entry(name)) as [Entry, Entry, Entry];
    list.add(a, 0);
    list.add(b, 10);
    list.add(c, 50);
    list.remove(b);
    list.expire(99);
    expect(expired).toEqual([]);
    list.expire(120);
    expect(expired).toEqual(['a']);
    expect(list.size).toBe(1);
    list.expire(150);
    expect(expired).toEqual(['a', 'c']);
    expect(list.size).toBe(0);
  });

  it.each([0, 1, 2])('can lose its entry number %i', (lost) => {
    const expired: string[] = [];
    const list = new DeadlineList<Entry>(100, (entry) => expired.push(entry.name));
    const entries = ['a', 'b', 'c'].map((name) => new Entry(name));
    for (const entry of entries) list.add(entry, 0);
    list.remove(entries[lost] as Entry);
    list.expire(100);
    expect(expired).toEqual(['a', 'b', 'c'].filter((_, i) => i !== lost));
  });

  it('lets an entry start over when it has expired', () => {
    const list: DeadlineList<Entry> = new DeadlineList(100, (entry) => {
      if (list.size === 0 && entry.due === 100) list.add(entry, 100);
    });
    list.add(new Entry('a'), 0);
    list.expire(100);
    expect(list.size).toBe(1);
    list.expire(200);
    expect(list.size).toBe(0);
  });
});
