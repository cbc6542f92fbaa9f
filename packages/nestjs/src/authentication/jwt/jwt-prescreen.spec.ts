import { describe, expect, it } from 'vitest';
import { nonCanonical, unsigned } from '../../../../../test/support/forge-jwt.js';
import { prescreenJwt } from './jwt-prescreen.js';

const MAX_BYTES = 8_192;
const HEADER = { alg: 'HS256', typ: 'JWT', kid: 'k' };
const CLAIMS = { sub: 'a', n: 1 };
const SIGNATURE = Buffer.alloc(32, 7).toString('base64url');
const TOKEN = unsigned(HEADER, CLAIMS, SIGNATURE);

describe('prescreenJwt', () => {
  it('takes a token apart without trusting it', () => {
    expect(prescreenJwt(TOKEN, MAX_BYTES)).toEqual({
      header: { alg: 'HS256', kid: 'k', typ: 'jwt' },
      unverifiedClaims: CLAIMS,
    });
  });

  it('J29 looks at the length before anything else', () => {
    expect(prescreenJwt(TOKEN, TOKEN.length)).toBeTypeOf('object');
    expect(prescreenJwt(TOKEN, TOKEN.length - 1)).toBe('too-large');
    expect(prescreenJwt('!'.repeat(MAX_BYTES + 1), MAX_BYTES)).toBe('too-large');
  });

  it.each([0, 1, 2])('AN-06 J04 J21 refuses other last bits in segment %i', (index) => {
    // One more byte moves the end of a segment, so that its last character has unused bits.
    const pads = ['', 'x', 'xx'];
    const tokens = pads.map((pad) => unsigned({ ...HEADER, pad }, { ...CLAIMS, pad }, SIGNATURE).split('.'));
    const outcomes = tokens.map((parts) => {
      const part = parts[index] ?? '';
      if (part.length % 4 === 0) return 'malformed';
      return prescreenJwt(parts.with(index, nonCanonical(part)).join('.'), MAX_BYTES);
    });
    expect(outcomes).toEqual(['malformed', 'malformed', 'malformed']);
  });

  it.each(['AAAA', 'AAAAA', 'AAAAAA', 'AAAAAAA'])(
    'AN-06 J04 takes the one spelling of what %s begins, and no other',
    (start) => {
      const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');
      const spellings = characters.map((last) => start.slice(0, -1) + last);
      const taken = spellings.filter(
        (text) => typeof prescreenJwt(unsigned(HEADER, CLAIMS, text), MAX_BYTES) === 'object',
      );
      expect(taken).toEqual(spellings.filter((text) => Buffer.from(text, 'base64url').toString('base64url') === text));
    },
  );

  it.each([
    '',
    '.',
    '..',
    '...',
    'a',
    'a.b',
    'a.b.c',
    '.b.c',
    'a..c',
    `${TOKEN}.`,
    `.${TOKEN}`,
    TOKEN.replaceAll('.', ','),
  ])('AN-06 J20 refuses %j', (token) => {
    expect(prescreenJwt(token, MAX_BYTES)).toBe('malformed');
  });

  it.each(['\0', '\n', ' ', '=', '+', '/', '"', '{', 'é', '😀', '%', '\u2028'])(
    'J20 J21 refuses a token with %j at any place',
    (character) => {
      for (const at of [0, 1, TOKEN.indexOf('.') + 1, TOKEN.length - 1, TOKEN.length]) {
        expect(prescreenJwt(TOKEN.slice(0, at) + character + TOKEN.slice(at), MAX_BYTES)).toBe('malformed');
      }
    },
  );

  it('J01 leaves an empty signature to the verification, so that the audit names the algorithm', () => {
    expect(prescreenJwt(unsigned({ alg: 'none' }, CLAIMS), MAX_BYTES)).toBe('bad-algorithm');
    expect(prescreenJwt(unsigned(HEADER, CLAIMS), MAX_BYTES)).toBeTypeOf('object');
  });
});
