import { onTestFinished } from 'vitest';
import type { RawData, WebSocket } from 'ws';
import { awaitOpen, type ClientShape, createSocket } from './handshake.js';
import { expectSoon } from './patience.js';
import { WaitingQueue } from './waiting-queue.js';

/** A message of the server, parsed. */
export interface ReceivedMessage {
  readonly event: string;
  readonly data?: unknown;
  readonly id?: string | number;
}

/** The end of a connection. */
export interface ReceivedClose {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket client that keeps every message until a test asks for it. It is closed at the end of its test. */
export class Client {
  readonly #messages = new WaitingQueue<ReceivedMessage>();
  readonly #closed: Promise<ReceivedClose>;
  #lastId = 0;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: RawData) => {
      this.#messages.push(JSON.parse((data as Buffer).toString()) as ReceivedMessage);
    });
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#messages.end(new Error(`The server closed the connection with ${code} "${reason.toString()}".`));
        resolve({ code, reason: reason.toString() });
      });
    });
    // A broken connection shows as its close.
    socket.on('error', () => undefined);
  }

  /** Messages that arrived and were not asked for. */
  get unread(): readonly ReceivedMessage[] {
    return this.#messages.items;
  }

  /** Sends a message; without `id` no answer is asked for. */
  send(event: string, data?: unknown, id?: string | number): void {
    this.sendRaw(JSON.stringify({ event, data, id }));
  }

  /** Sends a text or binary frame as it is. */
  sendRaw(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /** The next message of the server. */
  next(): Promise<ReceivedMessage> {
    return this.#messages.next('a message of the server');
  }

  /** Sends a message with an id of its own and gives the next message, which must carry that id. */
  async request(event: string, data?: unknown): Promise<ReceivedMessage> {
    const id = ++this.#lastId;
    this.send(event, data, id);
    const reply = await this.#messages.next(`the answer to "${event}"`);
    if (reply.id !== id) throw new Error(`Expected the answer to id ${id}, and got ${JSON.stringify(reply)}.`);
    return reply;
  }

  /** Waits for the end of the connection. @throws Error when it ends with another code than `code`. */
  async expectClose(code?: number): Promise<ReceivedClose> {
    const closed = await expectSoon(this.#closed, code === undefined ? 'a close' : `a close with ${code}`);
    if (code !== undefined && closed.code !== code) {
      throw new Error(`Expected a close with ${code}, and got ${closed.code} "${closed.reason}".`);
    }
    return closed;
  }

  /** Ends the connection, politely as far as the server plays along. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.resume();
    this.socket.close();
    try {
      await this.expectClose();
    } finally {
      this.socket.terminate();
    }
  }
}

/** Connects. @throws HandshakeRefused where the server refuses. */
export async function connect(url: string, shape: ClientShape = {}): Promise<Client> {
  const client = new Client(createSocket(url, shape));
  await awaitOpen(client.socket);
  onTestFinished(() => client[Symbol.asyncDispose]());
  return client;
}
