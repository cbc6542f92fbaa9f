import type { IncomingHttpHeaders } from 'node:http';

/** Rejects `connect()` where the server answered with anything but `101`. */
export class HandshakeRefusedError extends Error {
  override readonly name = 'HandshakeRefusedError';

  constructor(
    /** The HTTP status of the refusal. */
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    readonly body: string,
  ) {
    super(`The server refused the handshake with ${status}.`);
  }
}
