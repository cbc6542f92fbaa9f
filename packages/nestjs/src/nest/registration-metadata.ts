/**
 * What Nest should read of gateways while it registers them, and only then. Nest reads the metadata of guards, pipes and
 * parameters once for each handler; afterwards everything is as the application wrote it, for the next application of
 * the process too. If Nest came to read it later, a gateway would lose these changes, and the contract test fails.
 */
export class RegistrationMetadata {
  readonly #undo: (() => void)[] = [];

  set(key: string, value: unknown, target: object, property?: string): void {
    // To reflect-metadata, no property is `undefined`; its types know only of leaving it out.
    const place = property as string;
    const had = Reflect.hasOwnMetadata(key, target, place);
    const before: unknown = Reflect.getOwnMetadata(key, target, place);
    Reflect.defineMetadata(key, value, target, place);
    this.onRestore(() => {
      if (had) Reflect.defineMetadata(key, before, target, place);
      else Reflect.deleteMetadata(key, target, place);
    });
  }

  onRestore(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Puts everything back, the last change first. Twice is harmless. */
  restore(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}
