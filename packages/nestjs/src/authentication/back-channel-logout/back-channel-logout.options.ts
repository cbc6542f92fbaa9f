import type { OptionReader } from '../../core/option-reader.js';
import { normalizeType } from '../jwt/jwt-header.js';

/** `backChannelLogout`: the authorization server tells which log-in has ended (OpenID Connect Back-Channel Logout 1.0). */
export interface BackChannelLogoutOptions {
  /** The client of the log-in, or several: the `aud` of the log-out tokens. */
  readonly clientId: string | readonly string[];
  /** The values of the header field `typ` that are accepted. @default ['logout+jwt'] */
  readonly typ?: readonly string[];
  /** How old a log-out token may be since its `iat`, in milliseconds. @default 120000 */
  readonly maxAgeMs?: number;
}

/** {@link BackChannelLogoutOptions}, checked and filled in. */
export interface ResolvedBackChannelLogoutOptions {
  readonly clientIds: readonly string[];
  /** In lower case, without `application/`. */
  readonly typ: ReadonlySet<string>;
  readonly maxAgeMs: number;
}

/** Checks `backChannelLogout` and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveBackChannelLogoutOptions(reader: OptionReader): ResolvedBackChannelLogoutOptions {
  const isList = Array.isArray(reader.raw('clientId'));
  const one = isList ? undefined : reader.string('clientId');
  const clientIds = isList ? (reader.strings('clientId') ?? []) : one === undefined ? [] : [one];
  if (clientIds.length === 0) {
    const problem = 'must be the client that people log in with: a log-out of any other one would count.';
    reader.fail('clientId', problem, `${reader.pathOf('clientId')}: 'chat-page'`);
  }
  const types = reader.strings('typ') ?? ['logout+jwt'];
  if (types.length === 0)
    reader.fail('typ', 'is empty: no token would fit.', `${reader.pathOf('typ')}: ['logout+jwt']`);
  const maxAgeMs = reader.ms('maxAgeMs', 120_000, { min: 1_000, max: 3_600_000 });
  reader.finish();
  return Object.freeze({ clientIds, typ: new Set(types.map(normalizeType)), maxAgeMs });
}
