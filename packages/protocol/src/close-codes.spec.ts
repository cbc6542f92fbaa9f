import { describe, expect, it } from 'vitest';
import { CLOSE_CODES, closeCodeName, type CloseCodeName, reconnectAdvice } from './close-codes.js';
import { formatCloseReason } from './close-reason.js';

const names = Object.keys(CLOSE_CODES) as CloseCodeName[];

describe('CLOSE_CODES', () => {
  it.each(names)('TR-11 %s is a code that RFC 6455, IANA or the private range allows', (name) => {
    const { code } = CLOSE_CODES[name];
    const isRegistered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013].includes(code);
    expect(isRegistered || (code >= 4000 && code <= 4999)).toBe(true);
  });

  it('has no code twice', () => {
    expect(new Set(names.map((name) => CLOSE_CODES[name].code)).size).toBe(names.length);
  });

  it.each(names)('TR-10 %s makes a reason that fits a Close frame', (name) => {
    expect(Buffer.byteLength(formatCloseReason(CLOSE_CODES[name].word, 999_999_999))).toBeLessThanOrEqual(123);
  });

  it.each(names.filter((name) => CLOSE_CODES[name].code >= 4500))(
    '%s does not let the client come back alone',
    (name) => {
      expect(['never', 'new-login', 'on-demand']).toContain(CLOSE_CODES[name].advice);
    },
  );

  it('finds the name of a code', () => {
    expect(closeCodeName(4001)).toBe('TOKEN_EXPIRED');
    expect(closeCodeName(4999)).toBeUndefined();
  });
});

describe('reconnectAdvice', () => {
  it.each([
    [4001, 'after-refresh'],
    [1012, 'after-hint'],
    [1006, 'backoff'],
    [4321, 'backoff'],
    [4999, 'never'],
  ])('of %i is %s', (code, advice) => {
    expect(reconnectAdvice(code)).toBe(advice);
  });
});
