import { type Duplex, Writable } from 'node:stream';
import { WebSocket } from 'ws';

/** Above this many bytes the messages of one turn do not wait for its end. */
const FLUSH_BYTES = 65_536;

/** Watches what is sent through a socket. */
export interface OutboundWatch {
  /** Called before a message is sent; `false` drops it. */
  beforeSend(data: OutboundData): boolean;
  /** Called after messages were handed to the kernel, with the bytes that it did not take. */
  afterFlush(waitingBytes: number): void;
  /** Called when the kernel has taken all of what {@link BoundedSocket.needsDrain} waited for. */
  onDrained(): void;
}

/** What `ws` sends as one message. */
export type OutboundData = Parameters<WebSocket['send']>[0];
type SendOptions = Parameters<WebSocket['send']>[1];
type SendCallback = (error?: Error) => void;

/**
 * The socket that gateways get: what they send through it directly, `client.send(...)` or a broadcast over
 * `server.clients`, counts like every other message. `ws` itself queues without a bound: 100 MB for a client that does
 * not read.
 *
 * Messages of one turn of the event loop leave in one system call, which is most of what a small message costs: 18 us
 * became 10 us of CPU for each with eight of them on their way (`npm run bench -- message`).
 */
export class BoundedSocket extends WebSocket {
  #watched: OutboundWatch | undefined;
  #raw: Duplex | undefined;
  #isCorked = false;
  #hasEnded = false;
  #bytesBefore = 0;

  /** Starts watching. Called once, when the connection is accepted. */
  watch(watch: OutboundWatch): void {
    this.#watched = watch;
  }

  /** Lets messages leave together. Called once, with the socket that the connection runs on. */
  coalesceOn(raw: Duplex): void {
    this.#raw = raw;
    this.#bytesBefore = bytesWrittenTo(raw);
    raw.end = endOnce;
    // Not in the types of `ws`: where another release has none, nothing is saved.
    const { _receiver: receiver } = this as { _receiver?: unknown };
    if (receiver instanceof Writable) receiver.end = endOnce;
    // Before the listener of ws, which reads on.
    raw.prependListener('close', () => {
      this.#hasEnded = true;
    });
  }

  /**
   * Whether this side has just torn the TCP connection down. Not after the end that the network reports, when `ws` still
   * reads what a paused socket had kept.
   */
  get isCutOff(): boolean {
    return this.#raw?.destroyed === true && !this.#hasEnded;
  }

  /** How many bytes were sent, frame headers and control frames included. Nothing is counted for it: the stream knows. */
  get bytesSent(): number {
    return this.#raw === undefined ? 0 : bytesWrittenTo(this.#raw) - this.#bytesBefore;
  }

  /** Whether more waits for the client than Node buffers for a stream. */
  get needsDrain(): boolean {
    return this.#raw?.writableNeedDrain ?? false;
  }

  /** Reports the end of {@link needsDrain} to the watch, once. */
  awaitDrain(): void {
    this.#raw?.once('drain', () => this.#watched?.onDrained());
  }

  /**
   * Only text goes out as a reason: in its answer to a Close frame `ws` would repeat the peer's own reason, and for a typed
   * array it has sent memory of the process (CVE-2026-45736).
   */
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, typeof reason === 'string' ? reason : undefined);
  }

  override send(data: OutboundData, callback?: SendCallback): void;
  override send(data: OutboundData, options: SendOptions, callback?: SendCallback): void;
  override send(data: OutboundData, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    if (this.#watched?.beforeSend(data) === false) {
      const done = typeof options === 'function' ? options : callback;
      done?.(
        new Error(
          'The message was dropped: the connection is closing, or it is larger than lifecycle.maxOutboundBytes.',
        ),
      );
      return;
    }
    this.#cork();
    if (typeof options === 'function') super.send(data, options);
    else if (options === undefined) super.send(data, callback);
    else super.send(data, options, callback);
    if (!this.#isCorked) this.#watched?.afterFlush(this.bufferedAmount);
    else if (this.bufferedAmount > FLUSH_BYTES) this.#flush();
  }

  #cork(): void {
    if (this.#isCorked || this.#raw === undefined) return;
    this.#isCorked = true;
    this.#raw.cork();
    process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#raw?.uncork();
    this.#watched?.afterFlush(this.bufferedAmount);
  };
}

/**
 * Ends a stream unless it has ended. `ws` ends both of its streams again and again, and each time Node makes an error with its
 * stack that nobody gets: 45 us for each connection.
 */
function endOnce<Stream extends Writable>(this: Stream, ...args: unknown[]): Stream {
  if (this.writableFinished && args.length === 0) return this;
  const { end } = Object.getPrototypeOf(this) as { readonly end: (this: Stream, ...given: unknown[]) => Stream };
  return end.apply(this, args);
}

/** Of a socket of Node; 0 for a stream that is none. */
function bytesWrittenTo(raw: Duplex): number {
  const { bytesWritten } = raw as { readonly bytesWritten?: number };
  return bytesWritten ?? 0;
}

/** Whether a message has more bytes than `limit`. Long texts are measured, short ones cannot reach it. */
export function isLargerThan(data: OutboundData, limit: number): boolean {
  if (typeof data === 'string') {
    // UTF-8 takes one to three bytes for each unit of a JavaScript string.
    return data.length > limit || (data.length * 3 > limit && Buffer.byteLength(data) > limit);
  }
  if (data instanceof Blob) return data.size > limit;
  return ArrayBuffer.isView(data) || data instanceof ArrayBuffer ? data.byteLength > limit : false;
}

/** How many bytes a message has. */
export function bytesOf(data: OutboundData): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  if (data instanceof Blob) return data.size;
  return ArrayBuffer.isView(data) || data instanceof ArrayBuffer ? data.byteLength : 0;
}
