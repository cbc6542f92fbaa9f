/** Begins something. @returns what ends it. */
export type StartedPart = () => () => void;

/**
 * What lasts from the start of an application to its end, and is outside of it: metrics in a registry that others share.
 *
 * A bootstrap hook is too early for that. Nest runs no shutdown hook where a later one fails, and nobody would take out what
 * was put in for an application that never was.
 */
export class StartedParts {
  readonly #parts: StartedPart[] = [];
  readonly #ends: (() => void)[] = [];

  /** Call it before the application starts. */
  add(part: StartedPart): void {
    this.#parts.push(part);
  }

  /** Begins all of them. @throws what a part throws; what had begun has ended then. */
  begin(): void {
    try {
      for (const part of this.#parts) this.#ends.push(part());
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Ends all that has begun. */
  end(): void {
    for (const end of this.#ends.splice(0).reverse()) end();
  }
}
