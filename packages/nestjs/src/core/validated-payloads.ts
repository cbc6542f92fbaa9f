/**
 * Remembers which payloads the module has validated, so that a `ValidationPipe` of the application passes them on: a
 * second transformation would hand the handler something else than what the policies judged.
 */
export class ValidatedPayloads {
  readonly #payloads = new WeakSet<object>();

  /** Remembers a payload. */
  add(payload: unknown): void {
    if (typeof payload === 'object' && payload !== null) this.#payloads.add(payload);
  }

  /** Whether a value was validated here. */
  has(value: unknown): boolean {
    return typeof value === 'object' && value !== null && this.#payloads.has(value);
  }
}
