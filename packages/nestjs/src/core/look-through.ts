import { types } from 'node:util';
import { dropPromise, takeHold } from './give-up.js';
import { isStream } from './streams.js';

/** How many values are looked at: a reply has fewer, and of a long list the first rows are like the others. */
const MAX_LOOKS = 1000;

/**
 * Looks through a value that is about to be written as JSON, for what its JSON does not show: a promise with properties of its
 * own, what a `toJSON` makes, and what is not sent at all. Promises that it finds are taken hold of, those in a `Map` or a
 * `Set`, in properties that cannot be enumerated and, of instances and of the value itself, under symbols among them.
 *
 * The first 1000 values are looked at. An instance with a `toJSON` is not what is sent: of its own properties the promises
 * are taken hold of, and no accessor is called. Never throws.
 *
 * @returns whether it may hold a promise or a stream: then it must be written value by value.
 */
export function lookThrough(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const look = new Look();
  try {
    look.at(value);
  } catch {
    // A proxy, or an accessor that throws: its JSON says the same.
    takeHold(value, MAX_LOOKS);
    return true;
  }
  return look.isDoubtful;
}

/** Of how many plain objects the symbols are asked for, which costs more than all else: the frame, and what it holds. */
const MAX_ASKED_FOR_SYMBOLS = 2;

/** The prototypes of instances whose JSON is made of their properties: to find that out costs as much as the rest. */
const ORDINARY = new WeakSet();

class Look {
  isDoubtful = false;
  #left = MAX_LOOKS;
  #askedForSymbols = MAX_ASKED_FOR_SYMBOLS;

  at(value: object): void {
    if (Array.isArray(value)) {
      for (const item of value as readonly unknown[]) {
        if (--this.#left < 0) return;
        if (typeof item === 'object' && item !== null) this.at(item);
      }
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === Object.prototype || prototype === null;
    if (!isPlain && !ORDINARY.has(prototype as object)) {
      if (this.#isWrittenOtherwise(value)) return;
      ORDINARY.add(prototype as object);
    }
    const names = Object.keys(value);
    for (const name of names) {
      if (--this.#left < 0) return;
      const member = (value as Readonly<Record<string, unknown>>)[name];
      if (typeof member === 'object') {
        if (member !== null) this.at(member);
      } else if (name === 'toJSON' && typeof member === 'function') this.isDoubtful = true;
    }
    const isHiding = (!isPlain || --this.#askedForSymbols >= 0) && Object.getOwnPropertySymbols(value).length > 0;
    if (isHiding || Object.getOwnPropertyNames(value).length > names.length) this.#holdHidden(value);
  }

  /** Whether the JSON of an instance is not made of its properties, or is none. */
  #isWrittenOtherwise(value: object): boolean {
    if (types.isDate(value) || ArrayBuffer.isView(value)) return true;
    if (value instanceof Map || value instanceof Set) {
      this.#left -= takeHold(value, this.#left);
      return true;
    }
    if (types.isPromise(value) ? dropPromise(value) : isStream(value)) {
      this.isDoubtful = true;
      return true;
    }
    if (typeof (value as { readonly toJSON?: unknown }).toJSON !== 'function') return false;
    this.isDoubtful = true;
    this.#holdOwn(value);
    return true;
  }

  #holdHidden(value: object): void {
    for (const name of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, name);
      if (typeof name === 'string' && property?.enumerable === true) continue;
      if (--this.#left < 0) return;
      const member: unknown = property?.value;
      if (typeof member === 'object' && member !== null) this.#left -= takeHold(member, this.#left);
    }
  }

  #holdOwn(value: object): void {
    for (const name of Reflect.ownKeys(value)) {
      if (--this.#left < 0) return;
      const member: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
      if (types.isPromise(member)) dropPromise(member);
      else if (member instanceof Map || member instanceof Set) this.#left -= takeHold(member, this.#left);
    }
  }
}
