/** Thrown when the server refuses a request over HTTPS, or cannot be reached (`status` 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {number} retryAfterMs 0 without a hint
   */
  constructor(status, retryAfterMs) {
    super(`The request ended with status ${status}.`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Logs in. The session lies in a cookie that scripts cannot read; the answer carries a short-lived token. */
export const logIn = (username, password) => call('POST', '/api/login', { username, password });

/** Ends the session. */
export const logOut = () => call('POST', '/api/logout');

/** A new token for the WebSocket. A token lives only in memory, and only until the socket is open. */
export const mintToken = () => call('POST', '/api/token');

/** Who is logged in: `{ user }`, where `user` may be null. */
export const currentSession = () => call('GET', '/api/session');

/** All rooms, with whether one may enter. */
export const listRooms = () => call('GET', '/api/rooms');

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    cache: 'no-store',
    credentials: 'same-origin',
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0, 0);
  });
  if (!response.ok) throw new ApiError(response.status, 1000 * Number(response.headers.get('Retry-After') ?? 0));
  return response.status === 204 ? undefined : response.json();
}
