import type { ModulesContainer } from '@nestjs/core';
import { setOwn } from './shared-patch.js';

/** One place of reflect-metadata that was changed. */
interface Place {
  readonly key: string;
  readonly target: object;
  readonly property: string;
  readonly had: boolean;
  readonly before: unknown;
  /** What stands there while the changes are in force. */
  during: unknown;
}

/**
 * What Nest should read of gateways while it registers them, and only then. Nest reads the metadata of guards, pipes and
 * parameters once for each handler; afterwards everything is as the application wrote it, for the next application of
 * the process too. If Nest came to read it later, a gateway would lose these changes, and the contract test fails.
 *
 * The classes belong to all applications of the process, and Nest 12 waits between two gateways: another application may
 * boot meanwhile. The changes of one are therefore in force at a time, those of whoever was {@link activate}d last; each works from
 * what the application wrote, and never from what another one has put there.
 */
export class RegistrationMetadata {
  static #active: RegistrationMetadata | undefined;
  readonly #places: Place[] = [];
  readonly #undo: (() => void)[] = [];

  /** Puts the changes in force that were made so far, and takes those of another application away. */
  activate(): void {
    const active = RegistrationMetadata.#active;
    if (active === this) return;
    if (active !== undefined) active.#withdraw();
    RegistrationMetadata.#active = this;
    for (const { key, during, target, property } of this.#places) {
      Reflect.defineMetadata(key, during, target, property);
    }
  }

  set(key: string, value: unknown, target: object, property?: string): void {
    this.activate();
    // To reflect-metadata, no property is `undefined`; its types know only of leaving it out.
    const place = property as string;
    const isKnown = this.#places.some((each) => each.key === key && each.target === target && each.property === place);
    if (!isKnown) {
      const had = Reflect.hasOwnMetadata(key, target, place);
      const before: unknown = Reflect.getOwnMetadata(key, target, place);
      this.#places.push({ key, target, property: place, had, before, during: undefined });
    }
    Reflect.defineMetadata(key, value, target, place);
  }

  onRestore(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Puts everything back. Twice is harmless. */
  restore(): void {
    if (RegistrationMetadata.#active === this) this.#withdraw();
    this.#places.length = 0;
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  #withdraw(): void {
    RegistrationMetadata.#active = undefined;
    for (const place of this.#places) {
      const { key, target, property, had, before } = place;
      // Decorators have added to it since it was set.
      place.during = Reflect.getOwnMetadata(key, target, property);
      if (had) Reflect.defineMetadata(key, before, target, property);
      else Reflect.deleteMetadata(key, target, property);
    }
  }
}

/**
 * Calls `run` right before Nest reads a gateway: Nest 12 asks for its module first, and reads all of it before anything else
 * gets its turn. Nest 11 registers all gateways in one go. Also called when the module is asked for something else.
 *
 * @returns undoes it.
 */
export function beforeReading(modules: ModulesContainer, run: () => void): () => void {
  const get = modules.get.bind(modules);
  return setOwn(modules, 'get', (key: string) => {
    run();
    return get(key);
  });
}
