import { describe, expect, it } from 'vitest';
import { formatCloseReason, parseCloseReason } from './close-reason.js';

describe('formatCloseReason', () => {
  it('writes the word and the hint', () => {
    expect(formatCloseReason('restart')).toBe('restart');
    expect(formatCloseReason('restart', 1500.2)).toBe('restart;retryAfterMs=1501');
  });

  it.each([
    ['text of a client', 'Bad <b>thing</b>'],
    ['a line break', 'restart\r\nX'],
    ['emoji', '🔥'],
    ['nothing', ''],
    ['a long word', 'a'.repeat(124)],
    ['a typed array (CVE-2026-45736)', new Float32Array(4) as unknown as string],
  ])('TR-10 refuses %s', (_, word) => {
    expect(() => formatCloseReason(word)).toThrow(TypeError);
  });
});

describe('parseCloseReason', () => {
  it('reads what was written', () => {
    expect(parseCloseReason('restart;retryAfterMs=1501')).toEqual({ word: 'restart', retryAfterMs: 1501 });
    expect(parseCloseReason('idle')).toEqual({ word: 'idle' });
  });

  it.each(['', 'two words', 'restart;retryAfterMs=', 'restart;retryAfterMs=-1', 'restart;other=1'])(
    'does not read %j',
    (reason) => {
      expect(parseCloseReason(reason)).toBeUndefined();
    },
  );
});
