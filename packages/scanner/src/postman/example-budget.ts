/** Values of one example: a schema that refers to itself in six places has ten million within a few levels. */
const MAX_OF_EXAMPLE = 1000;
/** Values of all examples of a document. */
const MAX_OF_DOCUMENT = 100_000;
/** Characters of a text that count as one value. */
const TEXT_PART = 100;

/** How much the examples of a document may hold: one that refers to the same parts again and again would fill the memory. */
export class ExampleBudget {
  private ofDocument = MAX_OF_DOCUMENT;
  private ofExample = 0;

  /** Begins another example. */
  next(): void {
    this.ofExample = MAX_OF_EXAMPLE;
  }

  /** Takes a value with all that is in it. @returns false where it is too much. */
  take(value: unknown): boolean {
    const waiting = [value];
    while (waiting.length > 0) {
      const one = waiting.pop();
      const cost = 1 + (typeof one === 'string' ? Math.floor(one.length / TEXT_PART) : 0);
      this.ofExample -= cost;
      this.ofDocument -= cost;
      if (this.ofExample < 0 || this.ofDocument < 0) return false;
      // Not all of them at once: there may be millions.
      if (typeof one !== 'object' || one === null) continue;
      for (const name in one)
        if (waiting.push(name, (one as Readonly<Record<string, unknown>>)[name]) > MAX_OF_EXAMPLE) return false;
    }
    return true;
  }
}
