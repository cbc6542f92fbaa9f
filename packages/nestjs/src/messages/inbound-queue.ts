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

  /** Adds a message. Its bytes are copied: a slice would pin the whole chunk that the socket read. */
  push(frame: Buffer): void {
    this.#frames.push(Buffer.from(frame));
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
