import { isIdentifier } from '../core/identifier.js';

/** How many labels a connection may have. */
export const MAX_LABELS = 16;

/** The longest name of a label, in characters. */
const MAX_NAME_LENGTH = 64;

const NAME = /^[A-Za-z][\w.-]*$/;

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * What an application notes of a connection, to find it by. Bounded in number and length: what is noted often comes from the
 * client, such as the room that it names.
 */
export class ConnectionLabels {
  // Made when it is needed: most connections have none.
  #labels: Map<string, string> | undefined;

  /** A copy: whoever reads it while labels change sees those of one moment. */
  get all(): ReadonlyMap<string, string> {
    return this.#labels === undefined ? NONE : new Map(this.#labels);
  }

  get(name: string): string | undefined {
    return this.#labels?.get(name);
  }

  /**
   * Sets a label, or removes it with `undefined`.
   *
   * @throws TypeError for a name or a value that cannot be one; RangeError for one label too many.
   */
  set(name: string, value: string | undefined): void {
    if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || !NAME.test(name)) {
      throw new TypeError(
        `The name of a label is 1 to ${MAX_NAME_LENGTH} letters, digits and . _ -, and begins with a letter.`,
      );
    }
    if (value === undefined) {
      this.#labels?.delete(name);
      return;
    }
    if (!isIdentifier(value)) {
      throw new TypeError(`The label ${name} is text of 1 to 256 characters without control characters.`);
    }
    const labels = (this.#labels ??= new Map<string, string>());
    if (!labels.has(name) && labels.size >= MAX_LABELS) {
      throw new RangeError(`A connection has at most ${MAX_LABELS} labels: there is no room for ${name}.`);
    }
    labels.set(name, value);
  }
}
