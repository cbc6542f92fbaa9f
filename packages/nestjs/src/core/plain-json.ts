import { types } from 'node:util';
import { isObservable } from 'rxjs';
import { dropPromise, giveUp, takeHold } from './give-up.js';
import { lookThrough } from './look-through.js';
import { isStream } from './streams.js';

/**
 * What stands in the JSON of promises, bare Observables and generators; of the streams of Node; and of every `Subject`. They
 * tell what {@link lookThrough} has not come to. They begin with letters that are rare in JSON: a search by `"` takes longer.
 */
const MARKS = ['{}', '_readableState":', 'Stopped":'];

/**
 * Writes what the application sends without a declaration.
 *
 * Promises and streams have no JSON of their own. What holds a promise was to be awaited, and its rejection, which nobody
 * waits for, would end the process; of a stream its insides would go out, the path of its file among them (OD-01). What may
 * hold one is written value by value, and refused: what {@link lookThrough} finds among the first 1000 values, and what has
 * one of the {@link MARKS} in its JSON. Behind those, of promises with properties of their own, and of Observables of a class
 * with properties of its own, those properties are sent.
 *
 * @returns `undefined` for a function, a symbol and `undefined`, which have no JSON.
 * @throws what `JSON.stringify` throws: for a BigInt, a cycle, a throwing getter. TypeError for a value with a promise or a
 * stream in it. What was not sent has been given up then.
 */
export function plainJson(value: unknown): string | undefined {
  try {
    const finding = lookThrough(value);
    if (finding === 'doubtful') return sendableJson(value);
    const json = JSON.stringify(value) as string | undefined;
    if (finding === 'unfinished' && json !== undefined && MARKS.some((mark) => json.includes(mark)))
      sendableJson(value);
    return json;
  } catch (error) {
    giveUp(value);
    throw error;
  }
}

/**
 * Refuses a value with a promise or a stream in it, for an adapter that writes it otherwise than as one text: bytes are not
 * read, and what only that adapter can write (a BigInt, a cycle) is not refused. Only what {@link lookThrough} finds is.
 *
 * @throws TypeError for a promise or a stream, and what an accessor or a `toJSON` throws; the value has been given up then.
 */
export function refuseUnsendable(value: unknown): void {
  if (lookThrough(value) !== 'doubtful') return;
  try {
    refuse(unsendableIn(value, new Set()));
  } catch (error) {
    giveUp(value);
    throw error;
  }
}

/** Looks at every value that is sent, once, as accessors and `toJSON` make it. To the end: all that they make is held. */
function unsendableIn(value: unknown, seen: Set<object>): string | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return undefined;
  seen.add(value);
  const { toJSON } = value as { readonly toJSON?: unknown };
  const sent: unknown = typeof toJSON === 'function' ? toJSON.call(value, '') : value;
  if (typeof sent !== 'object' || sent === null || ArrayBuffer.isView(sent)) return undefined;
  if (sent !== value) {
    if (seen.has(sent)) return undefined;
    seen.add(sent);
  }
  let found = unsendable(sent);
  // What a stream is made of is its own.
  if (found === STREAM) return found;
  for (const member of Array.isArray(sent) ? (sent as readonly unknown[]) : membersOf(sent)) {
    const inMember = unsendableIn(member, seen);
    found ??= inMember;
  }
  return found;
}

function* membersOf(value: object): Iterable<unknown> {
  // One at a time: where one throws, the others have been looked at.
  for (const name of Object.keys(value)) yield (value as Readonly<Record<string, unknown>>)[name];
}

/** Looks at every value that is written, as accessors and `toJSON` make it; texts with a mark in them are none. */
function sendableJson(value: unknown): string | undefined {
  let found: string | undefined;
  const json = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null) return member;
    const problem = unsendable(member);
    found ??= problem;
    return problem === STREAM ? undefined : member;
  }) as string | undefined;
  refuse(found);
  return json;
}

const PROMISE = 'a promise, which has no JSON: await it first, a list of them with Promise.all()';
const STREAM = 'a stream: return the stream itself, or read it first';

/** Takes hold of the promises of a value that has no JSON. @returns what it is that cannot be sent. */
function unsendable(value: object): string | undefined {
  if (types.isPromise(value)) {
    dropPromise(value);
    return PROMISE;
  }
  // Its JSON is `{}`, whatever it holds.
  if (value instanceof Map || value instanceof Set) takeHold(value);
  else if (isUnreadStream(value)) return STREAM;
  return undefined;
}

/** @throws TypeError where anything was found. */
function refuse(found: string | undefined): void {
  if (found !== undefined) throw new TypeError(`What is to be sent holds ${found}.`);
}

/** An object that can be iterated over and has data of its own is sent as that data; the methods of `events.on()` are none. */
function isUnreadStream(value: object): boolean {
  if (!isStream(value)) return false;
  if (isObservable(value) || '_readableState' in value) return true;
  return Object.values(value).every((member) => typeof member === 'function');
}
