import type { KnownMessage } from './known-messages.js';

const MAX_DEPTH = 4;

/** A place in the data of a message where something else can stand. */
export interface DataPlace {
  readonly isText: boolean;
  /** The message with another value there. */
  readonly put: (value: unknown) => string;
}

/** Every text and number in the data of a message. */
export function placesIn(known: KnownMessage): readonly DataPlace[] {
  return leavesOf(known.data, known.with, 0);
}

function leavesOf(value: unknown, put: (value: unknown) => string, depth: number): readonly DataPlace[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ isText: typeof value === 'string', put }];
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const outer = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    return leavesOf(inner, (other) => put(Object.assign(outer, { [key]: other })), depth + 1);
  });
}
