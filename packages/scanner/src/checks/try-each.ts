import { InconclusiveError, TooManyHandshakesError } from '../probe/inconclusive.js';
import type { Evidence } from './check.js';

/** What came of trying one thing after the other. */
export interface Tried {
  /** Of each that had the effect that it must not have. */
  readonly evidence: readonly Evidence[];
  /** How many were seen to be refused. */
  readonly refused: number;
  /** Why the others, or the first of them, could not be tried; `undefined` where all were. */
  readonly untried: string | undefined;
}

/**
 * Tries one thing after the other. What was found by then stays found where a later one cannot be tried: a target that fails
 * at one of them, or has enough of the scan, does not hide the others.
 *
 * @param attempt gives what came where the effect was seen, and `undefined` where it was refused. It throws where neither is known.
 */
export async function tryEach<T extends { readonly what: string }>(
  things: readonly T[],
  attempt: (thing: T) => Promise<string | undefined>,
): Promise<Tried> {
  const evidence: Evidence[] = [];
  let refused = 0;
  let untried: string | undefined;
  for (const thing of things) {
    const { what } = thing;
    try {
      const got = await attempt(thing);
      if (got === undefined) refused++;
      else evidence.push({ sent: what, got, about: what });
    } catch (error) {
      const says = error instanceof Error ? error.message : 'it failed.';
      untried ??= refused + evidence.length === 0 && things.length === 1 ? says : `${what}: ${says}`;
      // No connection, no budget, or enough of the scan: the next one would come to nothing as well.
      if (error instanceof TooManyHandshakesError || !(error instanceof InconclusiveError)) break;
    }
  }
  return { evidence, refused, untried };
}
