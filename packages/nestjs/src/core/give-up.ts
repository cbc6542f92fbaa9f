import { types } from 'node:util';
import { isObservable } from 'rxjs';
import { isPromiseLike } from './awaitable.js';
import { containErrors, endIterable, isAsyncIterable } from './streams.js';

/** How many values are looked at where nobody says less: the application has made as many, to send them. */
const MAX_DATA = 100_000;
/** How many, of what instances hold: on an entity may hang everything that there is. */
const MAX_HELD = 2048;

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
 * Frees what a value holds that was to be sent and is not: streams with their files, generators before their first value,
 * the listeners of `events.on()`, promises that may reject. Never throws; what the end of a stream throws is of no use to
 * anybody. Within a
 * value no accessor is called, and nothing that only becomes a promise when it is asked, such as a query.
 *
 * Streams are ended where they are the value or stand in its data, in plain objects and lists. One that an instance holds
 * may be that of others: the socket of a database.
 *
 * @param most how many values are looked at. @default 100000
 */
export function giveUp(value: unknown, most = MAX_DATA): void {
  try {
    if (dropPromise(value)) return;
  } catch {
    // A proxy whose traps throw (DR-14).
    return;
  }
  // In the order in which they are found; what is added while it is walked is visited as well.
  const seen = new Map<unknown, boolean>([[value, true]]);
  const looked = { at: 0 };
  for (const [each, isData] of seen) {
    try {
      if (typeof each !== 'object' || each === null) continue;
      if (types.isPromise(each)) dropPromise(each);
      // Nothing of an Observable has begun before it is subscribed to.
      else if (isObservable(each)) continue;
      else if (isData && isAsyncIterable(each)) end(each);
      else addMembers(each, isData && isDataHolder(each), { seen, looked, most });
    } catch {
      // A proxy, or a teardown that throws.
    }
  }
}

function end(iterable: AsyncIterable<unknown>): void {
  containErrors(iterable);
  void endIterable(iterable, undefined);
}

function isDataHolder(value: object): boolean {
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

interface Walk {
  readonly seen: Map<unknown, boolean>;
  /** Members that were looked at, numbers and texts among them. */
  readonly looked: { at: number };
  readonly most: number;
}

function addMembers(value: object, areData: boolean, { seen, looked, most }: Walk): void {
  if (ArrayBuffer.isView(value)) return;
  for (const member of membersOf(value)) {
    if (++looked.at > most || seen.size >= (areData ? MAX_DATA : MAX_HELD)) return;
    if (typeof member === 'object' && !seen.has(member)) seen.set(member, areData);
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
