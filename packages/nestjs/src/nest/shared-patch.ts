/**
 * One change of an object that the applications of a process share: a class, or what `new MyFilter()` in a decorator made.
 * It is made once, however many applications use the object, and undone when the last of them has closed. Each application
 * wrapping what the one before had wrapped, 30 of them in a test run would keep 30 applications alive.
 */
export class SharedPatch<User> {
  readonly #patched = new WeakMap<object, { readonly users: Set<User>; readonly undo: () => void }>();

  /**
   * @param change makes the change, and answers what undoes it. The users are those at the time of a call.
   */
  constructor(private readonly change: (target: object, users: ReadonlySet<User>) => () => void) {}

  /**
   * Makes the change for one more user.
   *
   * @returns ends it for that user.
   */
  apply(target: object, user: User): () => void {
    let patched = this.#patched.get(target);
    if (patched === undefined) {
      const users = new Set<User>();
      this.#patched.set(target, (patched = { users, undo: this.change(target, users) }));
    }
    const { users, undo } = patched;
    users.add(user);
    return () => {
      if (!users.delete(user) || users.size > 0) return;
      this.#patched.delete(target);
      undo();
    };
  }
}

/**
 * Sets a property of one object.
 *
 * @returns puts back what was there.
 */
export function setOwn(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, before);
  };
}
