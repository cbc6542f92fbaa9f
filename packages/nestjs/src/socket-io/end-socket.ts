import type { FaultLog } from '../events/fault-log.js';
import type { ForeignSocket } from './foreign-client.js';

/**
 * Disconnects a socket of another adapter. Socket.IO calls the application's `disconnect` listeners from within, and what
 * one of them throws would end whatever wanted the socket gone: the timer that looks after all the others.
 */
export function endSocket(socket: ForeignSocket, faults: Pick<FaultLog, 'write'>): void {
  try {
    socket.disconnect?.(true);
  } catch (error) {
    faults.write('a disconnect listener', '', error);
    closeConnection(socket, faults);
  }
}

/** Socket.IO has stopped half-way: the connection, and its sockets of other namespaces, are still there. */
function closeConnection({ conn }: ForeignSocket, faults: Pick<FaultLog, 'write'>): void {
  try {
    conn?.close?.();
  } catch (error) {
    faults.write('a disconnect listener', '', error);
  }
}
