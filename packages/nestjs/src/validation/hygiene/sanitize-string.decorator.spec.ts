import { describe, expect, it } from 'vitest';
import { cleanText } from './sanitize-string.decorator.js';

/** What Unicode says of a character: a control, or one that changes the direction of a line. */
const CONTROL = /[\p{Cc}\p{Bidi_Control}]/u;

/** Tab, line breaks, and the marks that Arabic and Hebrew need. */
const KEPT = '\t\n\r\u061c\u200e\u200f';

describe('cleanText', () => {
  it('MV-14 takes every control character and override out, and nothing else', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0xffff; code++) {
      const character = String.fromCharCode(code);
      const expected = CONTROL.test(character) && !KEPT.includes(character) ? 'ab' : `a${character}b`;
      const clean = cleanText(`a${character}b`, { trim: false, normalize: false, stripControl: true });
      if (clean !== expected) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });
});
