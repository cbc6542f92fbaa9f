const CLOSES = {
  NORMAL: 'The connection was closed.',
  GOING_AWAY: 'The server went away.',
  PROTOCOL_ERROR: 'The connection made no sense to the server.',
  UNSUPPORTED_DATA: 'The server could not use what was sent.',
  INVALID_PAYLOAD: 'The server could not read what was sent.',
  POLICY_VIOLATION: 'The server closed the connection: too many refused messages.',
  TOO_BIG: 'The last message was too big.',
  INTERNAL: 'Something went wrong on the server.',
  RESTART: 'The server is restarting.',
  OVERLOADED: 'The server is busy.',
  TOKEN_EXPIRED: 'Your access is being renewed.',
  MAX_LIFETIME: 'The connection is being renewed.',
  RECONNECT: 'The server asked for a new connection.',
  IDLE: 'Nothing happened for a while.',
  HEARTBEAT_LOST: 'The connection was lost.',
  SLOW_CONSUMER: 'Your connection is too slow right now.',
  THROTTLED: 'Too much at once.',
  AUTHENTICATION_TIMEOUT: 'Logging in took too long.',
  UNAUTHENTICATED: 'Your access is being renewed.',
  CHALLENGE_REQUIRED: 'The server is making sure that you are no robot.',
  NOT_ADMITTED: 'You are not admitted here.',
  REVOKED: 'Your access was withdrawn. Please log in again.',
  BANNED: 'You are not admitted here any more.',
  CONNECTION_LIMIT: 'You are connected in too many places.',
  REPLACED: 'You connected somewhere else.',
  LOGGED_OUT: 'You were logged out.',
};

/** Says in plain words why a connection ended. @param {string | undefined} name as in `CLOSE_CODES` */
export const closeText = (name) => CLOSES[name] ?? 'The connection was lost.';

/** Says in plain words why the page does not come back by itself. @param {string | undefined} name as in `CLOSE_CODES` */
export const endText = (name) =>
  name === 'UNAUTHENTICATED' || name === 'TOKEN_EXPIRED' ? 'You are not admitted here any more.' : closeText(name);

/**
 * Says in plain words why a message was refused.
 *
 * @param {{ code: string, retryAfterMs?: number, issues?: { path: string, rule: string }[] }} refusal
 */
export function refusalText({ code, issues }) {
  switch (code) {
    case 'FORBIDDEN':
      return 'Not sent. You are not a member of this room.';
    case 'THROTTLED':
      return 'Not sent. That was a little fast.';
    case 'VALIDATION_FAILED':
      return issues?.some((issue) => issue.rule === 'isLength')
        ? 'Not sent. A message has 1 to 2,000 characters.'
        : 'Not sent. The server does not accept this text.';
    case 'OFFLINE':
      return 'Not sent: you are offline. Press Send again once you are connected.';
    case 'OVERLOADED':
      return 'Not sent. The server is busy; please try again.';
    case 'DISCONNECTED':
      return 'The connection broke before the server answered. If your message is not above, send it again.';
    case 'TIMEOUT':
    case 'NO_ANSWER':
      return 'The server has not answered. If your message is not above in a moment, send it again.';
    default:
      return 'Not sent. Something went wrong.';
  }
}

/** Says in plain words why a log-in failed. @param {{ status: number, retryAfterMs: number }} error */
export function logInText({ status, retryAfterMs }) {
  if (status === 0) return 'The server cannot be reached.';
  if (status === 400 || status === 401) return 'The user name or the password is wrong.';
  if (status === 429) return `Too many attempts. Please wait ${Math.max(1, Math.ceil(retryAfterMs / 1000))} seconds.`;
  return 'Logging in does not work right now. Please try again.';
}
