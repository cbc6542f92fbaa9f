import type { OptionReader } from '../../core/option-reader.js';

/**
 * `sharedSignals`: the authorization server tells what has changed about those who are logged in (OpenID Shared Signals
 * Framework 1.0, CAEP 1.0), in security event tokens (RFC 8417) that it pushes (RFC 8935).
 */
export interface SharedSignalsOptions {
  /** Who the tokens are for, or several: the `aud` of the stream that was agreed on. */
  readonly audience: string | readonly string[];
  /**
   * How old a token may be since its `iat`, in milliseconds: a server tries for a while where this one does not answer.
   *
   * @default 3600000
   */
  readonly maxAgeMs?: number;
}

/** {@link SharedSignalsOptions}, checked and filled in. */
export interface ResolvedSharedSignalsOptions {
  readonly audiences: readonly string[];
  readonly maxAgeMs: number;
}

/** Checks `sharedSignals` and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveSharedSignalsOptions(reader: OptionReader): ResolvedSharedSignalsOptions {
  const isList = Array.isArray(reader.raw('audience'));
  const one = isList ? undefined : reader.string('audience');
  const audiences = isList ? (reader.strings('audience') ?? []) : one === undefined ? [] : [one];
  if (audiences.length === 0) {
    const problem = 'must be the audience of the stream: signals for any other receiver would count.';
    reader.refuse('audience', problem, "'https://chat.example.com/shared-signals'");
  }
  const maxAgeMs = reader.ms('maxAgeMs', 3_600_000, { min: 1_000, max: 7 * 86_400_000 });
  return reader.finish({ audiences, maxAgeMs });
}
