/** Thrown when the server refuses a request over HTTPS, or cannot be reached (`status` 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {number} retryAfterMs 0 without a hint
   * @param {object} [challenge] what must be solved first
   */
  constructor(status, retryAfterMs, challenge) {
    super(`The request ended with status ${status}.`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.challenge = challenge;
  }
}

/** Where the account server is asked who one is; a page, not a call. */
export const ACCOUNT_SERVER = '/api/account-server/start';

/**
 * Logs in. The session lies in a cookie that scripts cannot read.
 *
 * @param {string} [solution] of the challenge that an earlier attempt was refused with
 */
export const logIn = (username, password, solution) => call('POST', '/api/login', { username, password, solution });

/** Ends the session. */
export const logOut = () => call('POST', '/api/logout');

/** Ends all sessions of this person, on all devices. */
export const logOutEverywhere = () => call('POST', '/api/logout-everywhere');

/**
 * What opens the WebSocket, or refreshes it in place: `{ scheme, value }`, with `scheme` `'ticket'` or `'bearer'`. It lives only
 * in memory, and only until it is sent.
 */
export const socketCredential = () => call('POST', '/api/socket-credential');

/** A challenge for the handshake. */
export const handshakeChallenge = () => call('POST', '/api/challenge');

/** Who is logged in: `{ user, accountServer }`, where `user` may be null; `accountServer` tells whether there is one. */
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
  if (!response.ok) {
    const { challenge } = response.status === 428 ? await response.json() : {};
    throw new ApiError(response.status, 1000 * Number(response.headers.get('Retry-After') ?? 0), challenge);
  }
  return response.status === 204 ? undefined : response.json();
}
