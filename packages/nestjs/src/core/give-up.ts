import { types } from 'node:util';
import { isObservable } from 'rxjs';
import { isPromiseLike } from './awaitable.js';
import { containErrors, endIterable, holdStream, isAsyncIterable } from './streams.js';

/** How many values are looked at where nobody says less: the application has made as many, to send them. */
const MAX_DATA = 100_000;
/** How many, of what instances hold: on an entity may hang everything that there is. */
const MAX_HELD = 2048;
/** How many, of what a client may cause at each message: on the error of a library hangs its request. */
const MAX_BRIEFLY = 256;

/** Held before: a promise that many values hold, and that never settles, would gather a listener with each of them. */
const HELD = new WeakSet();

/**
 * Takes hold of a promise that nobody waits for: its rejection would end the process.
 *
 * @returns whether it is one.
 */
export function dropPromise(value: unknown): boolean {
  if (!isPromiseLike(value)) return false;
  if (!types.isPromise(value)) {
    Promise.resolve(value).catch(() => undefined);
  } else if (!HELD.has(value)) {
    HELD.add(value);
    // Not its own then(): a query that is a promise as well begins with that.
    // oxlint-disable-next-line typescript/unbound-method
    void Reflect.apply(Promise.prototype.then, value, [undefined, () => undefined]);
  }
  return true;
}

/**
 * Frees what a value holds that was to be sent and is not: streams with their files, generators before their first value,
 * the listeners of `events.on()`, promises that may reject. Never throws; what the end of a stream throws is of no use to
 * anybody. Within a value no accessor is called, and nothing that only becomes a promise when it is asked, such as a query.
 *
 * Streams are ended where they are the value or stand in its data, in plain objects and lists. One that an instance holds
 * may be that of others: the socket of a database.
 *
 * @param most how many values are looked at. @default 100000
 */
export function giveUp(value: unknown, most = MAX_DATA): void {
  try {
    if (dropPromise(value) && !types.isPromise(value)) return;
  } catch {
    // A proxy whose traps throw (DR-14).
    return;
  }
  walk(value, most, end);
}

/**
 * Takes hold of the promises in what is left out of what is sent, and of what streams in its data fail with. They go on:
 * what is not sent may be in use by others.
 *
 * @param most how many values are looked at. @default 100000
 * @returns how many were.
 */
export function takeHold(value: unknown, most = MAX_DATA): number {
  return walk(value, most, holdStream);
}

/** As {@link takeHold}, of what was thrown, and of what a message leaves behind that is refused: 256 values are looked at. */
export function takeHoldBriefly(value: unknown): void {
  walk(value, MAX_BRIEFLY, holdStream);
}

function walk(value: unknown, most: number, onStream: (stream: AsyncIterable<unknown>) => void): number {
  const looked = { at: 1 };
  if (typeof value !== 'object' || value === null) return looked.at;
  // In the order in which they are found; what is added while it is walked is visited as well.
  const seen = new Map<unknown, boolean>([[value, true]]);
  for (const [each, isData] of seen) {
    try {
      if (typeof each !== 'object' || each === null) continue;
      let areData = isData && isDataHolder(each);
      if (types.isPromise(each)) dropPromise(each);
      // Nothing of an Observable has begun before it is subscribed to.
      else if (!isObservable(each) && isData && isAsyncIterable(each)) {
        onStream(each);
        areData = false;
        // What a stream of Node is made of is its own.
        if ('_readableState' in each) continue;
      }
      addMembers(each, areData, { seen, looked, most });
    } catch {
      // A proxy, or a teardown that throws.
    }
  }
  return looked.at;
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
  if (ArrayBuffer.isView(value) || looked.at > most) return;
  for (const member of membersOf(value)) {
    if (++looked.at > most || seen.size >= (areData ? MAX_DATA : MAX_HELD)) return;
    if (typeof member === 'object' && !seen.has(member)) seen.set(member, areData);
  }
}

/** One at a time: nobody wants the descriptors of a hundred thousand properties. */
function* membersOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) {
    yield* value as unknown[];
    return;
  }
  if (value instanceof Set) yield* value as Set<unknown>;
  if (value instanceof Map) for (const entry of value as Map<unknown, unknown>) yield* entry;
  for (const name of Reflect.ownKeys(value)) yield Object.getOwnPropertyDescriptor(value, name)?.value;
}
