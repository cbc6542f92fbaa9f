import { describe, expect, it } from 'vitest';
import { readSessionCookie } from './session-cookie.js';

const NAME = '__Host-sid';
const AMBIGUOUS = { problem: 'ambiguous' };
const MALFORMED = { problem: 'malformed' };

describe('readSessionCookie', () => {
  it.each<[string | undefined, unknown]>([
    [undefined, undefined],
    ['', undefined],
    ['theme=dark', undefined],
    ['__Host-sid=abc', { value: 'abc' }],
    ['theme=dark; __Host-sid=s%3Aabc.def=; lang=de', { value: 's%3Aabc.def=' }],
    ['theme=dark;__Host-sid=abc', { value: 'abc' }],
    ['%zz=\u0080;;;=; __Host-sid=abc', { value: 'abc' }],
    // Names that only a sloppy parser takes for ours.
    ['__host-sid=abc', undefined],
    ['x__Host-sid=abc', undefined],
    ['__Host-sid2=abc', undefined],
    ['\u00a0__Host-sid=abc', undefined],
    ['__Host-sid\u00a0=abc', undefined],
    ['=__Host-sid=abc', undefined],
    ['__Host%2Dsid=abc', undefined],
  ])('AN-08 reads %j', (field, expected) => {
    expect(readSessionCookie(field, NAME)).toEqual(expected);
  });

  it.each([
    '__Host-sid=a; __Host-sid=b',
    '__Host-sid=a; __Host-sid=a',
    '__Host-sid=a; theme=dark; __Host-sid',
    '__Host-sid=a; __Host-sid =b',
    '__Host-sid=a;\t__Host-sid=b',
    // RFC 2965 would read one cookie with a quoted value here.
    'theme="dark; __Host-sid=a; x="; __Host-sid=b',
  ])('AN-08 refuses two of the name: %s', (field) => {
    expect(readSessionCookie(field, NAME)).toEqual(AMBIGUOUS);
  });

  it.each([
    '__Host-sid',
    '__Host-sid=',
    '__Host-sid="abc"',
    '__Host-sid=a b',
    '__Host-sid=a,b',
    '__Host-sid=a\\b',
    '__Host-sid=\u0080',
  ])('AN-08 refuses the value of %j', (field) => {
    expect(readSessionCookie(field, NAME)).toEqual(MALFORMED);
  });

  it('AN-08 refuses a value that no browser would keep', () => {
    expect(readSessionCookie(`__Host-sid=${'a'.repeat(4097)}`, NAME)).toEqual({ problem: 'too-large' });
  });

  it('HS-23 takes time in proportion to the length', () => {
    for (const part of [' ', ';', '=', '; ', 'a=b;', '\t ;']) {
      expect(readSessionCookie(part.repeat(16_000), NAME)).toBeUndefined();
    }
  });
});
