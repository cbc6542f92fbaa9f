/**
 * The hashes of the newest records, so many at most: a ring, because taking the first one off a long array moves all of the
 * others (half a millisecond for 100,000, and a hostile file has millions of lines).
 */
export class NewestHashes {
  #hashes: string[] = [];
  /** Where the oldest one is, once there are as many as may be. */
  #oldest = 0;

  constructor(private readonly capacity: number) {}

  add(hash: string): void {
    if (this.#hashes.length < this.capacity) {
      this.#hashes.push(hash);
      return;
    }
    this.#hashes[this.#oldest] = hash;
    this.#oldest = (this.#oldest + 1) % this.capacity;
  }

  /** The hash that so many others came after; `undefined` where it is not kept. */
  before(newer: number): string | undefined {
    const { length } = this.#hashes;
    return newer < length ? this.#hashes[(this.#oldest + length - 1 - newer) % length] : undefined;
  }

  clear(): void {
    this.#hashes = [];
    this.#oldest = 0;
  }
}
