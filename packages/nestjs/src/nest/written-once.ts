/** Metadata key of what stands twice on one place. */
const TWICE = 'secure-ws:twice';

/**
 * Leaves what a decorator says on its owner. Of two of its kind on one place the upper one replaces the lower one without a
 * word, so that a limit or a declaration is lost: the boot tells it by {@link writtenTwice}.
 */
export function defineOnce(key: string, value: unknown, owner: object): void {
  if (Reflect.hasOwnMetadata(key, owner)) Reflect.defineMetadata(TWICE, [...writtenTwice(owner), key], owner);
  Reflect.defineMetadata(key, value, owner);
}

/** The keys of the decorators that stand on a class or a method more than once. */
export function writtenTwice(owner: object): readonly string[] {
  return (Reflect.getOwnMetadata(TWICE, owner) ?? []) as readonly string[];
}
