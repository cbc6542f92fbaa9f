import type { Message } from './message.js';

/** Messages that wait for a slot, as raw frames: nothing of them is decoded before its turn. */
export class InboundQueue {
  #messages: Message[] = [];
  #bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  /** Whether the socket should not be read any further; or whether so many times that is here all the same. */
  isFull(times = 1): boolean {
    return this.#messages.length >= this.maxMessages * times || this.#bytes >= this.maxBytes * times;
  }

  push(message: Message): void {
    this.#messages.push(message);
    this.#bytes += message.bytes;
  }

  shift(): Message | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#bytes -= message.bytes;
    return message;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Forgets what waits. */
  clear(): void {
    for (const { observation } of this.#messages) observation?.forget();
    this.#messages = [];
    this.#bytes = 0;
  }
}
