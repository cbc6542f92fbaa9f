import { types } from 'node:util';
import { dropPromise, takeHold } from './give-up.js';
import { isStream } from './streams.js';

/** How many values are looked at: a reply has fewer, and of a long list the first rows are like the others. */
const MAX_LOOKS = 1000;

/** How many plain objects are asked for what they hide, which costs more than all else: the frame, and what it holds. */
const MAX_ASKED_OF_PLAIN = 2;

/** How many instances of a class are asked for what they hide: with as many that hide nothing, the others do not either. */
const MAX_ASKED_OF_CLASS = 16;

/**
 * What is known of a value before it is written: that all of it is data; that it may hold a promise or a stream; or that
 * there was too much of it.
 */
type Finding = 'clear' | 'doubtful' | 'unfinished';

/**
 * Looks through a value that is about to be written as JSON, for what its JSON does not show: a promise with properties of its
 * own, what a `toJSON` makes, and what is not sent at all. Promises that it finds are taken hold of, those in a `Map` or a
 * `Set`, under symbols and in properties that cannot be enumerated among them. For these two the instances of a class are
 * asked until 16 of them have hidden nothing, and of plain objects the two that are outermost.
 *
 * The first 1000 values are looked at. An instance with a `toJSON` is not what is sent: of its own properties the promises
 * are taken hold of, and no accessor is called. Never throws.
 */
export function lookThrough(value: unknown): Finding {
  if (typeof value !== 'object' || value === null) return 'clear';
  const look = new Look();
  try {
    look.at(value);
  } catch {
    // A proxy, or an accessor that throws: its JSON says the same.
    takeHold(value, MAX_LOOKS);
    return 'doubtful';
  }
  if (look.isDoubtful) return 'doubtful';
  return look.left < 0 ? 'unfinished' : 'clear';
}

/**
 * Classes whose instances are written as their properties, by their prototypes, with how many instances have hidden nothing:
 * to find either out costs more than all else.
 */
const ORDINARY = new WeakMap<object, number>();

class Look {
  isDoubtful = false;
  left = MAX_LOOKS;
  askedOfPlain = MAX_ASKED_OF_PLAIN;

  at(value: object): void {
    if (Array.isArray(value)) {
      for (const item of value as readonly unknown[]) {
        if (--this.left < 0) return;
        if (typeof item === 'object' && item !== null) this.at(item);
      }
      return;
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype || prototype === null) {
      // Before what is inside of it.
      const isAsked = --this.askedOfPlain >= 0;
      const shown = this.lookAtOwn(value);
      if (isAsked && hides(value, shown)) holdHidden(value, this);
      return;
    }
    let quiet = ORDINARY.get(prototype);
    if (quiet === undefined) {
      if (this.isWrittenOtherwise(value)) return;
      ORDINARY.set(prototype, (quiet = 0));
    }
    this.lookAtOwn(value);
    if (quiet < MAX_ASKED_OF_CLASS) ORDINARY.set(prototype, holdHidden(value, this) ? 0 : quiet + 1);
  }

  /** @returns how many properties are shown. */
  lookAtOwn(value: object): number {
    const names = Object.keys(value);
    let hasData = false;
    for (const name of names) {
      if (--this.left < 0) return names.length;
      const member = (value as Readonly<Record<string, unknown>>)[name];
      if (typeof member === 'function') {
        if (name === 'toJSON') this.isDoubtful = true;
        continue;
      }
      hasData = true;
      if (typeof member === 'object' && member !== null) this.at(member);
    }
    // What has no data may be iterable by a symbol of its own.
    if (!hasData && isStream(value)) this.isDoubtful = true;
    return names.length;
  }

  /** Whether the JSON of an instance is not made of its properties, or is none. */
  isWrittenOtherwise(value: object): boolean {
    if (types.isDate(value) || ArrayBuffer.isView(value)) return true;
    if (value instanceof Map || value instanceof Set) {
      this.left -= takeHold(value, this.left);
      return true;
    }
    if (types.isPromise(value) ? dropPromise(value) : isStream(value)) {
      this.isDoubtful = true;
      return true;
    }
    if (typeof (value as { readonly toJSON?: unknown }).toJSON !== 'function') return false;
    this.isDoubtful = true;
    holdOwn(value, this);
    return true;
  }
}

function hides(value: object, shown: number): boolean {
  return Object.getOwnPropertySymbols(value).length > 0 || Object.getOwnPropertyNames(value).length > shown;
}

/** @returns whether there is anything. */
function holdHidden(value: object, look: Look): boolean {
  let isHiding = false;
  for (const name of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, name);
    if (typeof name === 'string' && property?.enumerable === true) continue;
    isHiding = true;
    if (--look.left < 0) break;
    const member: unknown = property?.value;
    if (typeof member === 'object' && member !== null) look.left -= takeHold(member, look.left);
  }
  return isHiding;
}

function holdOwn(value: object, look: Look): void {
  for (const name of Reflect.ownKeys(value)) {
    if (--look.left < 0) return;
    const member: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    if (types.isPromise(member)) dropPromise(member);
    else if (member instanceof Map || member instanceof Set) look.left -= takeHold(member, look.left);
  }
}
