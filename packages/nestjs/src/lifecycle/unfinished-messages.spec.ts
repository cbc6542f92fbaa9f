import { describe, expect, it } from 'vitest';
import { UnfinishedMessages, type UnfinishedOwner } from './unfinished-messages.js';

function open(maxBytes: number) {
  const evicted: string[] = [];
  const unfinished = new UnfinishedMessages(maxBytes);
  const owner = (name: string): UnfinishedOwner => ({
    previous: undefined,
    next: undefined,
    heldBytes: 0,
    onEvicted: () => evicted.push(name),
  });
  return { unfinished, evicted, owner };
}

describe('the messages of a process that are not whole', () => {
  it('DR-02 are kept up to the limit, and the oldest goes first', () => {
    const { unfinished, evicted, owner } = open(100);
    const [a, b, c] = [owner('a'), owner('b'), owner('c')] as const;
    unfinished.hold(a, 40);
    unfinished.hold(b, 30);
    unfinished.hold(c, 30);
    expect(evicted).toEqual([]);
    unfinished.hold(c, 31);
    expect(evicted).toEqual(['a']);
    expect(unfinished.bytes).toBe(61);
    unfinished.hold(c, 100);
    expect(evicted).toEqual(['a', 'b']);
    unfinished.hold(c, 101);
    expect(evicted).toEqual(['a', 'b', 'c']);
    expect([unfinished.bytes, unfinished.size]).toEqual([0, 0]);
  });

  it('DR-02 let a client go on that sends one after the other, however long it has been at it', () => {
    const { unfinished, evicted, owner } = open(100);
    const [busy, dripping] = [owner('busy'), owner('dripping')] as const;
    unfinished.hold(busy, 50);
    unfinished.hold(dripping, 40);
    // Its next message began in the chunk in which the last one ended.
    unfinished.begin(busy);
    unfinished.hold(busy, 70);
    expect(evicted).toEqual(['dripping']);
  });

  it('DR-15 are forgotten when they are whole, and may be forgotten twice', () => {
    const { unfinished, owner } = open(100);
    const a = owner('a');
    unfinished.hold(a, 0);
    unfinished.hold(a, 7);
    unfinished.hold(a, 0);
    unfinished.hold(a, 0);
    expect([unfinished.bytes, unfinished.size]).toEqual([0, 0]);
  });
});
