import type { FaultLog } from '../core/fault-log.js';

/** What ends a socket of another adapter. */
export interface EndableSocket {
  disconnect?(close?: boolean): unknown;
  /** The connection below, which sockets of several namespaces share. */
  readonly conn?: { readonly readyState?: unknown; close?(): unknown };
}

/**
 * Disconnects a socket of another adapter. Socket.IO calls the application's `disconnect` listeners from within, and what
 * one of them throws would end whatever wanted the socket gone: the timer that looks after all the others.
 */
export function endSocket(socket: EndableSocket, faults: Pick<FaultLog, 'write'>): void {
  try {
    socket.disconnect?.(true);
  } catch (error) {
    faults.write('a disconnect listener', '', error);
    closeConnection(socket, faults);
  }
}

/** Socket.IO has stopped half-way: the connection, and its sockets of other namespaces, are still there. */
function closeConnection({ conn }: EndableSocket, faults: Pick<FaultLog, 'write'>): void {
  try {
    conn?.close?.();
  } catch (error) {
    faults.write('a disconnect listener', '', error);
  }
}
