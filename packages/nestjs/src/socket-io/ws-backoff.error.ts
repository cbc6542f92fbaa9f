/** Thrown by `WsSocketIdentities.authenticate()`: whose token it is has to stay away, for what it sent before. */
export class WsBackoffError extends Error {
  override readonly name = 'WsBackoffError';

  /** @param retryAfterMs for how many milliseconds; the client may be told. */
  constructor(readonly retryAfterMs: number) {
    super('Too many messages of this principal were refused.');
  }
}
