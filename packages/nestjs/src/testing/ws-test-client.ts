import type { RawData, WebSocket } from 'ws';
import { MessageQueue } from './message-queue.js';

/** A message of the server. What is no JSON object with an `event` comes as the `data` of one whose event is empty. */
export interface ReceivedMessage {
  readonly event: string;
  readonly data?: unknown;
  readonly id?: string | number;
  /** The numbers of the first and the last message that an error frame is about, where those had no `id` yet. */
  readonly messages?: readonly [from: number, to: number];
  /** The last frame of a stream. */
  readonly end?: true;
}

/** How the server, or the network, ended a connection. */
export interface ReceivedClose {
  /** 1006: without a Close frame. */
  readonly code: number;
  readonly reason: string;
}

/**
 * A client that keeps every message until the test asks for it. It knows no test runner: what does not happen in time
 * rejects with an error that says what was waited for.
 *
 * `await using client = await connect(...)` closes it at the end of the test; `close()` does the same.
 */
export class WsTestClient {
  readonly #messages: MessageQueue<ReceivedMessage>;
  readonly #closes: MessageQueue<ReceivedClose>;
  readonly #frames: (string | Buffer)[] = [];
  #lastId = 0;

  constructor(
    /** The socket underneath. */
    readonly socket: WebSocket,
    patienceMs: number,
  ) {
    this.#messages = new MessageQueue(patienceMs);
    this.#closes = new MessageQueue(patienceMs);
    socket.on('message', (data: RawData, isBinary: boolean) => {
      this.#frames.push(isBinary ? (data as Buffer) : (data as Buffer).toString());
      this.#messages.push(parse(data as Buffer, isBinary));
    });
    socket.once('close', (code, reason) => {
      const close = { code, reason: reason.toString() };
      this.#messages.end(new Error(`The connection ended with ${describe(close)}, and no message came before that.`));
      this.#closes.push(close);
    });
    // A connection that breaks shows as its close.
    socket.on('error', () => undefined);
  }

  /** The subprotocol that the server chose; empty without one. */
  get protocol(): string {
    return this.socket.protocol;
  }

  /** Messages that have arrived and were not asked for, oldest first. */
  get unread(): readonly ReceivedMessage[] {
    return this.#messages.items;
  }

  /** Every frame of the server so far, as it came, oldest first: text as a string, bytes as a `Buffer`. */
  get frames(): readonly (string | Buffer)[] {
    return [...this.#frames];
  }

  /** Sends a message. Without an `id` the server's answer carries none. */
  send(event: string, data?: unknown, id?: string | number): void {
    this.sendRaw(JSON.stringify({ event, data, id }));
  }

  /** Sends a text frame, or for a `Buffer` a binary one, as it is. */
  sendRaw(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /**
   * Sends a message with an id of its own and gives the answer to it, refusals (`event: 'error'`) among them. What else
   * arrives meanwhile stays for {@link next}.
   *
   * @throws Error when no answer comes in time, or the connection ends first.
   */
  request(event: string, data?: unknown): Promise<ReceivedMessage> {
    const id = ++this.#lastId;
    this.send(event, data, id);
    return this.#messages.take((message) => message.id === id, `the answer to "${event}"`);
  }

  /**
   * The next message of the server, or the next one of an event.
   *
   * @throws Error when none comes in time, or the connection ends first.
   */
  next(event?: string): Promise<ReceivedMessage> {
    return event === undefined
      ? this.#messages.take(() => true, 'a message of the server')
      : this.#messages.take((message) => message.event === event, `a message "${event}"`);
  }

  /**
   * Waits for the end of the connection.
   *
   * @param code what it must end with. @default anything
   * @throws Error when it does not end in time, or ends with another code.
   */
  async expectClose(code?: number): Promise<ReceivedClose> {
    const close = await this.#closes.take(
      () => true,
      code === undefined ? 'the end of the connection' : `a close with ${code}`,
    );
    // Later calls see the same end.
    this.#closes.push(close);
    if (code !== undefined && close.code !== code) {
      throw new Error(`Expected a close with ${code}, and got ${describe(close)}.`);
    }
    return close;
  }

  /** Ends the connection, politely as far as the server plays along, and waits for its end. */
  async close(code = 1000): Promise<void> {
    // A paused socket would never see the server's Close frame.
    this.socket.resume();
    this.socket.close(code);
    try {
      await this.expectClose();
    } finally {
      this.socket.terminate();
    }
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function parse(frame: Buffer, isBinary: boolean): ReceivedMessage {
  if (isBinary) return { event: '', data: frame };
  const text = frame.toString();
  try {
    const message: unknown = JSON.parse(text);
    if (isMessage(message)) return message;
  } catch {
    // Not JSON: it is handed on as it came.
  }
  return { event: '', data: text };
}

function isMessage(value: unknown): value is ReceivedMessage {
  return typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string';
}

function describe({ code, reason }: ReceivedClose): string {
  return reason === '' ? `${code}` : `${code} "${reason}"`;
}
