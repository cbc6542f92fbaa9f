import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { Message } from './message.js';
import { ReplyStream, type SendValue } from './reply-stream.js';

/**
 * The streams of one connection: Observables and async iterables that its handlers returned. Each value is a reply with
 * the `id` of the request, the last frame says `"end": true`. Each value is judged before it leaves, and all end with
 * the connection.
 */
export class ReplyStreams {
  readonly #streams = new Map<Message, ReplyStream>();

  constructor(
    private readonly connection: ManagedConnection,
    private readonly send: SendValue,
  ) {}

  /** How many streams run. */
  get size(): number {
    return this.#streams.size;
  }

  /** Begins to send what a handler returned. */
  open(message: Message, source: unknown): void {
    const stream = new ReplyStream(message, this.connection, this.send, () => {
      this.#streams.delete(message);
    });
    this.#streams.set(message, stream);
    stream.begin(source);
  }

  /** Ends a stream from this side. @returns whether there was one. */
  end(message: Message): boolean {
    const stream = this.#streams.get(message);
    stream?.end();
    return stream !== undefined;
  }

  /** Ends the streams that answer an `id`, each with its last frame. */
  cancel(id: Message['id']): void {
    for (const [message, stream] of [...this.#streams]) if (message.id === id) stream.cancel();
  }

  /** Ends every stream. */
  dispose(): void {
    for (const stream of [...this.#streams.values()]) stream.end();
  }
}
