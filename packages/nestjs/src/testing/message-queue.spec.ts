import { describe, expect, it, vi } from 'vitest';
import { MessageQueue } from './message-queue.js';

const any = (): boolean => true;

describe('MessageQueue', () => {
  it('keeps what arrives before somebody asks', async () => {
    const queue = new MessageQueue<number>(1000);
    queue.push(1);
    queue.push(2);
    expect(queue.items).toEqual([1, 2]);
    expect(await queue.take(any, 'x')).toBe(1);
    expect(await queue.take(any, 'x')).toBe(2);
  });

  it('hands each item to the longest wait that it fits', async () => {
    const queue = new MessageQueue<number>(1000);
    const even = queue.take((item) => item % 2 === 0, 'an even number');
    const first = queue.take(any, 'x');
    queue.push(1);
    queue.push(2);
    queue.push(3);
    expect(await Promise.all([even, first])).toEqual([2, 1]);
    expect(queue.items).toEqual([3]);
  });

  it('gives what has arrived before it tells the end', async () => {
    const queue = new MessageQueue<number>(1000);
    const odd = queue.take((item) => item % 2 === 1, 'an odd number');
    queue.push(2);
    queue.end(new Error('over'));
    queue.end(new Error('over again'));
    await expect(odd).rejects.toThrow('over');
    expect(await queue.take(any, 'x')).toBe(2);
    await expect(queue.take(any, 'x')).rejects.toThrow(/^over$/);
  });

  it('says what did not come, even where the test runner has faked the timers', async () => {
    vi.useFakeTimers();
    try {
      const queue = new MessageQueue<number>(1);
      await expect(queue.take(any, 'the answer to "echo"')).rejects.toThrow(
        'Waited 1 ms in vain for the answer to "echo".',
      );
    } finally {
      vi.useRealTimers();
    }
  });
});
