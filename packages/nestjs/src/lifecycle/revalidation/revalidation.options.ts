import type { ClassOrInstance, OptionReader } from '../../core/option-reader.js';
import { WsRevalidator } from './ws-revalidator.js';

/** `lifecycle.revalidation`: that an identity still holds is found out again from time to time. */
export interface RevalidationOptions {
  /**
   * Asks the application: a class that Nest instantiates, or an instance.
   *
   * @default none: only a shared store is asked, for what was revoked
   */
  readonly revalidator?: ClassOrInstance<WsRevalidator>;
  /** How often, in milliseconds, less up to 20 % so that they do not all come at once. At most the default. @default 1800000 */
  readonly everyMs?: number;
  /** How long it may fail beyond that, because nobody answers, in milliseconds; then 4401. @default 300000 */
  readonly graceMs?: number;
}

/** {@link RevalidationOptions} with defaults filled. */
export interface ResolvedRevalidationOptions {
  readonly revalidator: ClassOrInstance<WsRevalidator> | undefined;
  readonly everyMs: number;
  readonly graceMs: number;
}

/** Reads `lifecycle.revalidation`. */
export function resolveRevalidationOptions(reader: OptionReader): ResolvedRevalidationOptions {
  return reader.finish({
    revalidator: reader.classOrInstance('revalidator', WsRevalidator, 'Accounts'),
    everyMs: reader.ms('everyMs', 1_800_000, { max: 1_800_000 }),
    graceMs: reader.ms('graceMs', 300_000, { min: 0, max: 3_600_000 }),
  });
}
