/** Any object whose metadata can be set: Nest keeps it on classes and methods, which applications share. */
type Target = object;

/**
 * What Nest should read of gateways while it registers them, and only then. Nest reads the metadata of guards, pipes and
 * parameters once for each handler; afterwards everything is as the application wrote it, for the next application of
 * the process too. If Nest came to read it later, a gateway would lose these changes, and the contract test fails.
 */
export class RegistrationMetadata {
  readonly #undo: (() => void)[] = [];

  /** Sets metadata of a class, a method, or a property of a class. */
  set(key: string, value: unknown, target: Target, property?: string): void {
    const own =
      property === undefined ? Reflect.hasOwnMetadata(key, target) : Reflect.hasOwnMetadata(key, target, property);
    const before: unknown =
      property === undefined ? Reflect.getOwnMetadata(key, target) : Reflect.getOwnMetadata(key, target, property);
    define(key, value, target, property);
    this.onRestore(() => {
      if (own) define(key, before, target, property);
      else if (property === undefined) Reflect.deleteMetadata(key, target);
      else Reflect.deleteMetadata(key, target, property);
    });
  }

  /** Runs something when everything is put back. */
  onRestore(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Puts everything back, the last change first. Twice is harmless. */
  restore(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}

function define(key: string, value: unknown, target: Target, property: string | undefined): void {
  if (property === undefined) Reflect.defineMetadata(key, value, target);
  else Reflect.defineMetadata(key, value, target, property);
}
