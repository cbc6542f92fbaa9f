/** The largest chunk of a socket read that a waiting message may keep in memory. */
const MAX_PINNED_BYTES = 4096;

/** Messages that wait for a slot, as raw frames: nothing of them is decoded before its turn. */
export class InboundQueue {
  #frames: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  /** How many messages wait. */
  get size(): number {
    return this.#frames.length;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the socket should not be read any further. */
  get isFull(): boolean {
    return this.#frames.length >= this.maxMessages || this.#bytes >= this.maxBytes;
  }

  /** Adds a message. It is copied out of a large chunk, which it would pin as long as it waits. */
  push(frame: Buffer): void {
    this.#frames.push(frame.buffer.byteLength > MAX_PINNED_BYTES ? Buffer.from(frame) : frame);
    this.#bytes += frame.length;
  }

  /** Takes the oldest message. */
  shift(): Buffer | undefined {
    const frame = this.#frames.shift();
    if (frame !== undefined) this.#bytes -= frame.length;
    return frame;
  }

  /** Forgets everything. */
  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }
}
