/**
 * The session's cookie. The `__Host-` prefix makes the browser refuse it from a subdomain or over plain HTTP
 * (RFC 6265bis section 4.1.3.2).
 */
export const SESSION_COOKIE = '__Host-chat-session';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** The `Set-Cookie` line for a new session. */
export function setSessionCookie(token: string, maxAgeMs: number): string {
  return `${SESSION_COOKIE}=${token}; ${ATTRIBUTES}; Max-Age=${Math.floor(maxAgeMs / 1000)}`;
}

/** The `Set-Cookie` line that removes the cookie. */
export function clearSessionCookie(): string {
  return `${SESSION_COOKIE}=; ${ATTRIBUTES}; Max-Age=0`;
}

/** Finds the session's token in a `Cookie` header. Two of them are as good as none. */
export function readSessionCookie(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const tokens = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`))
    .map((pair) => pair.slice(SESSION_COOKIE.length + 1));
  const [token] = tokens;
  return tokens.length === 1 && token !== undefined && TOKEN.test(token) ? token : undefined;
}

const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';
