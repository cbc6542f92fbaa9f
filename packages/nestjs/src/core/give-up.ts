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
/** How many, of what was not even written, because nobody was there. */
const MAX_UNSENT = 64;

/** How many rows of a list are looked into in front of all else that is found: the others are like these. */
const FIRST_ROWS = 8;
/**
 * How many rows of a list are asked whether they are promises before the first ones are looked into, whose members would use up
 * the count: in `ids.map((id) => cache.get(id) ?? load(id))` one row may be a promise, and the eight in front of it none.
 */
const MAX_ROWS = 64;

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
  if (!isAsked(value)) walk(value, { most, onStream: end });
}

/**
 * As {@link giveUp}, of what was sent to nobody: 64 values are looked at, and 64 behind each promise or stream that is found.
 * Where one row of a list has one, each of the others may.
 */
export function giveUpUnsent(value: unknown): void {
  if (!isAsked(value)) walk(value, { most: MAX_UNSENT, onStream: end, goesOn: true });
}

/** Whether it is what becomes a promise when it is asked, which was done then: nothing else of it is looked at. */
function isAsked(value: unknown): boolean {
  try {
    return dropPromise(value) && !types.isPromise(value);
  } catch {
    // A proxy whose traps throw (DR-14).
    return true;
  }
}

/**
 * Takes hold of the promises in what is left out of what is sent, and of what streams in its data fail with. They go on:
 * what is not sent may be in use by others.
 *
 * @param most how many values are looked at. @default 100000
 * @returns how many were.
 */
export function takeHold(value: unknown, most = MAX_DATA): number {
  return walk(value, { most, onStream: holdStream });
}

/** As {@link takeHold}, of what was thrown, and of what a message leaves behind that is refused: 256 values are looked at. */
export function takeHoldBriefly(value: unknown): void {
  walk(value, { most: MAX_BRIEFLY, onStream: holdStream });
}

interface Rules {
  readonly most: number;
  readonly onStream: (stream: AsyncIterable<unknown>) => void;
  /** Whether it begins to count once more at each promise and stream. */
  readonly goesOn?: boolean;
}

interface Walk extends Rules {
  /** In the order in which they are found; what is added while it is walked is visited as well. By whether it is data. */
  readonly seen: Map<unknown, boolean>;
  /** Members that were looked at, numbers and texts among them. */
  looked: number;
  /** The rows of long lists behind the first ones. */
  readonly rows: { readonly left: Generator<unknown, void>; readonly areData: boolean }[];
}

function walk(value: unknown, rules: Rules): number {
  const walk: Walk = { ...rules, seen: new Map([[value, true]]), looked: 1, rows: [] };
  if (typeof value !== 'object' || value === null) return walk.looked;
  let visited = 0;
  let list = 0;
  for (const [each, isData] of walk.seen) {
    try {
      visit(each, isData, walk);
    } catch {
      // A proxy, or a teardown that throws.
    }
    visited++;
    // Nothing else is left.
    while (visited === walk.seen.size && list < walk.rows.length) if (!hasMore(walk.rows[list], walk)) list++;
  }
  return walk.looked;
}

function visit(each: unknown, isData: boolean, walk: Walk): void {
  if (typeof each !== 'object' || each === null) return;
  let areData = isData && isDataHolder(each);
  if (types.isPromise(each)) dropPromise(each);
  // Nothing of an Observable has begun before it is subscribed to.
  else if (!isObservable(each) && isData && isAsyncIterable(each)) {
    if (walk.goesOn === true) walk.looked = 0;
    walk.onStream(each);
    areData = false;
    // What a stream of Node is made of is its own.
    if ('_readableState' in each) return;
  }
  if (ArrayBuffer.isView(each)) return;
  const members = membersOf(each);
  const isList = Array.isArray(each) || each instanceof Set || each instanceof Map;
  if (isList) dropRows(each);
  if (add(members, areData, isList ? FIRST_ROWS : Infinity, walk)) walk.rows.push({ left: members, areData });
}

function dropRows(list: readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>): void {
  let left = MAX_ROWS;
  let all = MAX_DATA;
  for (const row of list.values()) {
    // A list of an application's own class may have no end.
    if (left-- === 0 || all-- === 0) return;
    if (typeof row !== 'object' || !types.isPromise(row)) continue;
    // Where one row is a promise, each of the others may be.
    if (!HELD.has(row)) left = MAX_ROWS;
    dropPromise(row);
  }
}

function hasMore(rows: Walk['rows'][number] | undefined, walk: Walk): boolean {
  try {
    return rows !== undefined && add(rows.left, rows.areData, FIRST_ROWS, walk);
  } catch {
    return false;
  }
}

/** Adds members. @returns whether there may be more of them to look at. */
function add(members: Generator<unknown, void>, areData: boolean, count: number, walk: Walk): boolean {
  const { seen, most, goesOn = false } = walk;
  for (let at = 0; at < count; at++) {
    if (walk.looked > most) return false;
    const { value, done } = members.next();
    if (done === true || ++walk.looked > most || seen.size >= (areData ? MAX_DATA : MAX_HELD)) return false;
    if (goesOn && types.isPromise(value) && !seen.has(value)) walk.looked = 0;
    if (typeof value === 'object' && !seen.has(value)) seen.set(value, areData);
  }
  return true;
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

/** One at a time: nobody wants the descriptors of a hundred thousand properties. */
function* membersOf(value: object): Generator<unknown, void> {
  if (Array.isArray(value)) {
    yield* value as unknown[];
    return;
  }
  if (value instanceof Set) yield* value as Set<unknown>;
  if (value instanceof Map) for (const entry of value as Map<unknown, unknown>) yield* entry;
  for (const name of Reflect.ownKeys(value)) yield Object.getOwnPropertyDescriptor(value, name)?.value;
}
