import { isPromiseLike } from './awaitable.js';

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };
type Options = Parameters<AbortSignal['addEventListener']>[2];

/**
 * Makes the signal of a message harmless: Node throws what a listener of it throws as an uncaught exception, and the client
 * chooses the moment, by leaving.
 *
 * @param onError told of what a listener throws, or rejects with. Must not throw.
 */
export function containListeners(signal: AbortSignal, onError: (error: unknown) => void): void {
  const contained = new WeakMap<object, Listener>();
  const containedOf = (listener: Listener): Listener => {
    let made = contained.get(listener);
    if (made === undefined) contained.set(listener, (made = contain(listener, onError)));
    return made;
  };
  const addEventListener = signal.addEventListener.bind(signal);
  const removeEventListener = signal.removeEventListener.bind(signal);
  let onabort: Listener | null = null;
  const replaced = {
    addEventListener(type: string, listener: Listener | null, options?: Options): void {
      addEventListener(type, isListener(listener) ? containedOf(listener) : (listener as never), options);
    },
    removeEventListener(type: string, listener: Listener | null, options?: Options): void {
      const known = isListener(listener) ? contained.get(listener) : undefined;
      removeEventListener(type, known ?? (listener as never), options);
    },
  };
  for (const [name, value] of Object.entries(replaced)) Object.defineProperty(signal, name, { value });
  Object.defineProperty(signal, 'onabort', {
    get: () => onabort,
    set: (listener: Listener | null) => {
      if (onabort !== null) replaced.removeEventListener('abort', onabort);
      onabort = isListener(listener) ? listener : null;
      if (onabort !== null) replaced.addEventListener('abort', onabort);
    },
  });
}

function isListener(listener: unknown): listener is Listener {
  return typeof listener === 'function' || (typeof listener === 'object' && listener !== null);
}

function contain(listener: Listener, onError: (error: unknown) => void): Listener {
  return function (this: unknown, event: Event): void {
    try {
      const returned: unknown =
        typeof listener === 'function' ? Reflect.apply(listener, this, [event]) : listener.handleEvent(event);
      // Also one of another realm, as under Jest: it is no instance of this one's Promise.
      if (isPromiseLike(returned)) Promise.resolve(returned).catch(onError);
    } catch (error) {
      onError(error);
    }
  };
}
