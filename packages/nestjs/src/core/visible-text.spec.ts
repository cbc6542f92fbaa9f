import { describe, expect, it } from 'vitest';
import { excerpt, toLine, visibleText } from './visible-text.js';

const EVILS = [
  '\r\n',
  '\n{"type":"ws.connection.opened"}',
  '\u001b[2J',
  '\u2028',
  '\u2029',
  '\u0085',
  '\u202e',
  '\u200b',
  '"',
];

describe('visibleText', () => {
  it.each([
    ['CR and LF', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['NUL', 'a\0b', 'a\\u0000b'],
    ['tab and vertical tab', '\t\v', '\\u0009\\u000b'],
    ['an ANSI colour', '\u001b[31mred', '\\u001b[31mred'],
    ['DEL', '\u007f', '\\u007f'],
    ['C1 next line and CSI', '\u0085\u009b', '\\u0085\\u009b'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['a right-to-left override', 'exe.\u202etxt', 'exe.\\u202etxt'],
    ['bidi isolates', '\u2066\u2069', '\\u2066\\u2069'],
    ['bidi marks', '\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
    ['zero-width characters', '\u200b\u200d\ufeff', '\\u200b\\u200d\\ufeff'],
    ['tag characters, as both of their units', '\u{e0041}', '\\udb40\\udc41'],
    ['fillers and joiners that show as nothing', '\u3164\u034f\u115f\ufe0f', '\\u3164\\u034f\\u115f\\ufe0f'],
    ['variation selectors, the alphabet of hidden texts', '\u{e0161}', '\\udb40\\udd61'],
    ['half a surrogate pair', '\ud800', '\\ud800'],
    ['nothing of ordinary text', 'Zoë 🙂 日本 "quoted"', 'Zoë 🙂 日本 "quoted"'],
  ])('MO-07 makes %s visible', (_, text, visible) => {
    expect(visibleText(text)).toBe(visible);
  });
});

describe('excerpt', () => {
  it('MO-07 cuts before it escapes, so that its length is bounded', () => {
    expect(excerpt('a'.repeat(300), 200)).toBe(`${'a'.repeat(200)}...`);
    expect(excerpt('\n'.repeat(300), 2)).toBe('\\u000a\\u000a...');
    expect(excerpt('abc', 3)).toBe('abc');
  });
});

describe('toLine', () => {
  it.each(EVILS)('MO-05 MO-07 keeps a value with %j on one line, and its JSON means the same', (evil) => {
    const line = toLine({ origin: `https://a${evil}b` });

    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(line)).toEqual({ origin: `https://a${evil}b` });
  });
});
