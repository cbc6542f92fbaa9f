import { describe, expect, it } from 'vitest';
import { Recording } from './recording.js';

describe('Recording', () => {
  const entry = { url: 'ws://a/', startedAt: 0, request: [], status: 101, response: [] };
  const text = { type: 'send', time: 0, opcode: 1, data: 'four' } as const;

  it.each([
    ['messages', { maxEntries: 9, maxMessages: 1, maxCharacters: 99 }],
    ['characters', { maxEntries: 9, maxMessages: 9, maxCharacters: 7 }],
  ])('keeps no more %s than it may', (_, limits) => {
    const recording = new Recording(limits);
    const keep = recording.begin(entry);
    keep(text);
    expect(recording.isCut).toBe(false);
    keep(text);
    expect(recording.isCut).toBe(true);
    expect(recording.entries[0]?.messages).toEqual([text]);
  });

  it('keeps no more connections than it may', () => {
    const recording = new Recording({ maxEntries: 1, maxMessages: 9, maxCharacters: 99 });
    recording.begin(entry);
    recording.begin(entry);
    expect(recording.entries).toHaveLength(1);
    expect(recording.isCut).toBe(true);
  });
});
