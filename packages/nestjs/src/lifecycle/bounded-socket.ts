import { WebSocket } from 'ws';

/** Watches what is sent through a socket. */
export interface OutboundWatch {
  /** Called before a message is sent; `false` drops it. */
  beforeSend(): boolean;
  /** Called after a message was handed to the socket. */
  afterSend(): void;
}

type Data = Parameters<WebSocket['send']>[0];
type SendOptions = Parameters<WebSocket['send']>[1];
type SendCallback = (error?: Error) => void;

/**
 * The socket that gateways get: what they send through it directly, `client.send(...)` or a broadcast over
 * `server.clients`, counts like every other message. `ws` itself queues without a bound: 100 MB for a client that does
 * not read.
 */
export class BoundedSocket extends WebSocket {
  #watched: OutboundWatch | undefined;

  /** Starts watching. Called once, when the connection is accepted. */
  watch(watch: OutboundWatch): void {
    this.#watched = watch;
  }

  override send(data: Data, callback?: SendCallback): void;
  override send(data: Data, options: SendOptions, callback?: SendCallback): void;
  override send(data: Data, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    if (this.#watched?.beforeSend() === false) {
      const done = typeof options === 'function' ? options : callback;
      done?.(new Error('The connection is closing: the message was dropped.'));
      return;
    }
    if (typeof options === 'function') super.send(data, options);
    else if (options === undefined) super.send(data, callback);
    else super.send(data, options, callback);
    this.#watched?.afterSend();
  }
}
