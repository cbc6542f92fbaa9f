import { describe, expect, it } from 'vitest';
import { clearSessionCookie, readSessionCookie, SESSION_COOKIE, setSessionCookie } from './session-cookie.js';

const TOKEN = 'a'.repeat(43);

describe('the session cookie', () => {
  it('is only sent over HTTPS, to this host, never to scripts and never from other sites', () => {
    for (const line of [setSessionCookie(TOKEN, 1000), clearSessionCookie()]) {
      expect(line).toMatch(/^__Host-[^;]+; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    }
  });

  it('is found among others', () => {
    expect(readSessionCookie(`a=1; ${SESSION_COOKIE}=${TOKEN};b=2`)).toBe(TOKEN);
  });

  it.each([
    ['no header', undefined],
    ['no such cookie', 'a=1'],
    ['a suffix of the name', `x${SESSION_COOKIE}=${TOKEN}`],
    ['another length', `${SESSION_COOKIE}=abc`],
    ['other characters', `${SESSION_COOKIE}=${"'".repeat(43)}`],
    ['two of them', `${SESSION_COOKIE}=${TOKEN}; ${SESSION_COOKIE}=${TOKEN}`],
  ])('is refused with %s', (_, header) => {
    expect(readSessionCookie(header)).toBeUndefined();
  });
});
