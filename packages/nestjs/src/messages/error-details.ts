import { PLAIN_DATA } from '../output/class-compiler.js';
import { OutputRun } from '../output/output-run.js';

/** The most that the details of an application's error may be as JSON, in UTF-16 units. */
const MAX_DETAILS = 4096;

/** Each value takes two characters of {@link MAX_DETAILS} at least. */
const LIMITS = Object.freeze({ depth: 8, values: MAX_DETAILS / 2 });

/**
 * What the client gets of the details of a `WsApplicationError`: plain data as it is; of an instance of an output DTO the
 * properties that it exposes to everybody. An instance of any other class may be an entity with everything that a row holds:
 * with it, nothing of the details is sent.
 *
 * @returns `undefined` where there are none that may go out. Never throws.
 */
export function detailsOf(details: unknown): unknown {
  try {
    const written = PLAIN_DATA.write(details, new OutputRun([], false, LIMITS));
    if (written === undefined) return undefined;
    return JSON.stringify(written).length > MAX_DETAILS ? undefined : written;
  } catch {
    return undefined;
  }
}
