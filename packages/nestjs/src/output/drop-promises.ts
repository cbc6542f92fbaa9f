import { types } from 'node:util';
import { isPromiseLike } from '../core/awaitable.js';

/** How many values are looked at: as many as a frame may hold. */
const MAX_VALUES = 500_000;

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
 * Takes hold of all promises in what was to be sent and is not: one of them was found, and the others may reject as well.
 * No accessor is called, and nothing that only becomes a promise when it is asked, such as a query.
 */
export function dropPromises(value: unknown): void {
  const seen = new Set<unknown>([value]);
  // A set visits what is added while it is walked.
  for (const each of seen) {
    if (seen.size > MAX_VALUES) return;
    try {
      if (typeof each !== 'object' || each === null) continue;
      if (types.isPromise(each)) dropPromise(each);
      else for (const member of membersOf(each)) if (typeof member === 'object') seen.add(member);
    } catch {
      // A proxy whose traps throw (DR-14).
    }
  }
}

function membersOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>;
  if (value instanceof Map) return (value as Map<unknown, unknown>).values();
  if (ArrayBuffer.isView(value)) return [];
  return Object.values(Object.getOwnPropertyDescriptors(value)).map((descriptor) => descriptor.value as unknown);
}
