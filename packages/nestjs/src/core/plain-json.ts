import { types } from 'node:util';
import { isObservable } from 'rxjs';
import { dropPromise, giveUp } from './give-up.js';
import { isStream } from './streams.js';

/** What stands in the JSON of promises, Observables and generators, and of the streams of Node. */
const MARKS = ['{}', '"_readableState":'];

/**
 * Writes what the application sends without a declaration.
 *
 * Promises and streams have no JSON of their own. What holds a promise was to be awaited, and its rejection, which nobody
 * waits for, would end the process; of a stream its insides would go out, the path of its file among them (OD-01). Only what
 * has one of the {@link MARKS} in its JSON is looked through, so that it costs other values nothing.
 *
 * @returns `undefined` for a function, a symbol and `undefined`, which have no JSON.
 * @throws what `JSON.stringify` throws: for a BigInt, a cycle, a throwing getter. TypeError for a value with a promise or a
 * stream in it. What was not sent has been given up then.
 */
export function plainJson(value: unknown): string | undefined {
  try {
    const json = JSON.stringify(value) as string | undefined;
    if (json !== undefined && MARKS.some((mark) => json.includes(mark))) refuseUnsent(value);
    return json;
  } catch (error) {
    giveUp(value);
    throw error;
  }
}

/** Looks at every value that is written, as accessors and `toJSON` make it; texts with a mark in them are none. */
function refuseUnsent(value: unknown): void {
  let found: string | undefined;
  JSON.stringify(value, (_key, member: unknown) => {
    if (types.isPromise(member)) {
      dropPromise(member);
      found = 'a promise, which has no JSON: await it first, a list of them with Promise.all()';
    } else if (isUnreadStream(member)) {
      found ??= 'a stream: return the stream itself, or read it first';
      return undefined;
    }
    return member;
  });
  if (found !== undefined) throw new TypeError(`What is to be sent holds ${found}.`);
}

/** An object that can be iterated over and has data of its own is sent as that data. */
function isUnreadStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !isStream(value)) return false;
  return isObservable(value) || '_readableState' in value || Object.keys(value).length === 0;
}
