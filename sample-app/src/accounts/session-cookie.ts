/**
 * The session's cookie. The `__Host-` prefix makes the browser refuse it from a subdomain or over plain HTTP
 * (RFC 6265bis section 4.1.3.2).
 */
export const SESSION_COOKIE = '__Host-chat-session';

/** The cookie of a log-in at the account server that has begun. */
export const LOG_IN_COOKIE = '__Host-chat-log-in';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A `Set-Cookie` line. @param maxAgeMs 0 removes the cookie. */
export function cookieLine(name: string, value: string, sameSite: 'Strict' | 'Lax', maxAgeMs: number): string {
  const maxAge = Math.floor(maxAgeMs / 1000);
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}; Max-Age=${maxAge}`;
}

/** The `Set-Cookie` line for a new session. */
export function setSessionCookie(token: string, maxAgeMs: number): string {
  return cookieLine(SESSION_COOKIE, token, 'Strict', maxAgeMs);
}

/** The `Set-Cookie` line that removes the cookie. */
export function clearSessionCookie(): string {
  return setSessionCookie('', 0);
}

/** Finds the session's token in a `Cookie` header. */
export function readSessionCookie(header: string | undefined): string | undefined {
  return readCookie(header, SESSION_COOKIE);
}

/** Finds the secret of a cookie in a `Cookie` header. Two of them are as good as none. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  const tokens = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [token] = tokens;
  return tokens.length === 1 && token !== undefined && TOKEN.test(token) ? token : undefined;
}
