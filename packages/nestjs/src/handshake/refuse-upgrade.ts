import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.js';
import { type HandshakeRefusal, refusalResponse, refuse } from './handshake-refusal.js';
import { shownResponse } from './shown-refusal.js';

/** How long the answer to a refused handshake may wait for a peer that does not read, in milliseconds. */
export const REFUSAL_FLUSH_MS = 1_000;

/**
 * Answers a refused handshake, over HTTP or shown to its page, and closes its socket. The answer is the last thing that happens on the socket: bytes that
 * the peer sent behind its request are never read, or a proxy that believed in the upgrade would relay a second request
 * past its own checks (request smuggling).
 *
 * An `error` listener must be on the socket already: a peer that resets it would otherwise end the process.
 */
export function refuseUpgrade(socket: Duplex, refusal: HandshakeRefusal, clock: Clock): void {
  if (socket.destroyed) return;
  const cancel = clock.after(REFUSAL_FLUSH_MS, () => {
    socket.destroy();
  });
  socket.once('close', cancel);
  // Destroyed only once the answer is with the kernel; `destroy()` alone would cut it off.
  socket.end(responseOf(refusal), () => {
    socket.destroy();
  });
}

function responseOf(refusal: HandshakeRefusal): string | Buffer {
  const { shown } = refusal;
  try {
    return shown === undefined ? refusalResponse(refusal) : shownResponse({ ...refusal, shown });
  } catch {
    // A header field with a line break: better a bare answer than a split one.
    return refusalResponse(refuse('internal'));
  }
}
