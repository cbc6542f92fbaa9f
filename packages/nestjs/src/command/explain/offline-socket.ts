import { WebSocket } from 'ws';
import { BoundedSocket } from '../../lifecycle/bounded-socket.js';

/** The socket of a connection that nobody is at the other end of: open, and whatever is sent through it goes nowhere. */
export class OfflineSocket extends BoundedSocket {
  constructor() {
    // As the server of `ws` makes one, with options that its types leave out.
    super(...([null, undefined, {}] as unknown as [null]));
    Object.defineProperty(this, 'readyState', { value: WebSocket.OPEN });
  }

  override send(): void {}

  override close(): void {}
}
