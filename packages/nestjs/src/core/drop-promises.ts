import { types } from 'node:util';
import { isPromiseLike } from './awaitable.js';

/** How many values are looked at: what hangs on a value that was not sent may be everything that the application holds. */
const MAX_VALUES = 2048;

/**
 * Takes hold of a promise that nobody waits for: its rejection would end the process.
 *
 * @returns whether it is one.
 */
export function dropPromise(value: unknown): boolean {
  if (!isPromiseLike(value)) return false;
  Promise.resolve(value).catch(() => undefined);
  return true;
}

/**
 * Takes hold of the promises in what was to be sent and is not: where one was found, the others may reject as well. No accessor is
 * called, and nothing that only becomes a promise when it is asked, such as a query.
 *
 * @returns whether there was one.
 */
export function dropPromises(value: unknown): boolean {
  const seen = new Set<unknown>([value]);
  let isFound = false;
  // A set visits what is added while it is walked.
  for (const each of seen) {
    try {
      if (typeof each !== 'object' || each === null) continue;
      if (types.isPromise(each)) isFound = dropPromise(each);
      else addMembers(each, seen);
    } catch {
      // A proxy whose traps throw (DR-14).
    }
  }
  return isFound;
}

function addMembers(value: object, seen: Set<unknown>): void {
  if (ArrayBuffer.isView(value)) return;
  for (const member of membersOf(value)) {
    if (seen.size >= MAX_VALUES) return;
    if (typeof member === 'object') seen.add(member);
  }
}

function membersOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>;
  if (value instanceof Map) return (value as Map<unknown, unknown>).values();
  return ownValuesOf(value);
}

/** One at a time: nobody wants the descriptors of a hundred thousand properties. */
function* ownValuesOf(value: object): Iterable<unknown> {
  for (const name of Object.keys(value)) yield Object.getOwnPropertyDescriptor(value, name)?.value;
}
