import { WebSocket, type RawData } from 'ws';
import type { HarMessage } from '../har/har-entry.js';

/** Two ends of one recorded WebSocket. */
export interface Relay {
  readonly client: WebSocket;
  readonly server: WebSocket;
  readonly onMessage: (message: HarMessage) => void;
  /** @param who closed first. */
  readonly onClose: (who: 'client' | 'server', code: number) => void;
}

/** Passes messages and the close on, both ways. A side is read no faster than the other one takes. */
export function relayMessages({ client, server, onMessage, onClose }: Relay): void {
  let isClosed = false;
  const pass = (from: WebSocket, to: WebSocket, type: HarMessage['type']): void => {
    from.on('message', (data: RawData, isBinary) => {
      const bytes = data as Buffer;
      onMessage({
        type,
        time: Date.now() / 1000,
        opcode: isBinary ? 2 : 1,
        data: bytes.toString(isBinary ? 'base64' : 'utf8'),
      });
      if (to.readyState !== WebSocket.OPEN) return;
      from.pause();
      to.send(bytes, { binary: isBinary }, () => from.resume());
    });
    from.on('close', (code, reason) => {
      if (!isClosed) onClose(type === 'send' ? 'client' : 'server', code);
      isClosed = true;
      // 1005 and 1006 say that there was no close frame, and stand in none.
      if (code === 1006) to.terminate();
      else if (code === 1005) to.close();
      else to.close(code, reason);
    });
    // A "close" follows.
    from.on('error', () => undefined);
  };
  pass(client, server, 'send');
  pass(server, client, 'receive');
}
