/** How often something is read without a hint, in milliseconds; and where hints are known to arrive. */
const READ_EVERY_MS = 250;
const READ_EVERY_HINTED_MS = 500;

/** How many hints are followed in a quarter of a second: whoever can give one could have it read all the time. */
const MOST_HINTS = 10;
const HINTS_PER_MS = 250;

/**
 * Reads a log that others write to: from time to time, which is what counts, and as soon as a hint says that there is something.
 * Hints may be lost, or come for nothing. Never reads twice at once.
 */
export class LogReader {
  #isReading = false;
  #isHinted = false;
  #readAt = -Infinity;
  #hints = 0;
  #hintsSince = -Infinity;

  /** @param readOn reads to the end. Must not reject. */
  constructor(private readonly readOn: () => Promise<void>) {}

  /**
   * Reads where it is time to. Called by the coarse timer.
   *
   * @param hears whether hints arrive, as far as anybody can tell.
   */
  tick(now: number, hears: boolean): void {
    if (now - this.#hintsSince >= HINTS_PER_MS) {
      this.#hintsSince = now;
      this.#hints = 0;
    }
    if (this.#isReading || now - this.#readAt < (hears ? READ_EVERY_HINTED_MS : READ_EVERY_MS)) return;
    this.#readAt = now;
    void this.read();
  }

  /** There may be something. */
  hint(): void {
    if (this.#hints >= MOST_HINTS) return;
    this.#hints++;
    // What is being read may have begun before it was written.
    if (this.#isReading) this.#isHinted = true;
    else void this.read();
  }

  /** Reads now, unless that is being done. Never rejects. */
  async read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      do {
        this.#isHinted = false;
        await this.readOn();
      } while (this.#isHinted);
    } finally {
      this.#isReading = false;
    }
  }
}
