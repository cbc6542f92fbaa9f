import type { IdentityCredentials, Who } from './credentials.js';

/** No registered name is as long. */
const MIN_LENGTH = 24;

/** A JWT, by itself or behind a prefix such as `bearer.`. */
const JWT = /(?:^|\.)eyJ[\w-]+\.[\w-]+\.[\w-]*$/;

/** A run of letters and digits, both of them, that nobody would read out: names are made of words. */
const OPAQUE = /(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}/;

/** Whether the name of a subprotocol is a token: browsers can send one in no other place. */
export const looksLikeToken = (name: string): boolean =>
  JWT.test(name) || (name.length >= MIN_LENGTH && OPAQUE.test(name));

/**
 * What somebody offers: the names, and in the place of the credential of the first account his own, or none.
 *
 * @param names those of everybody, among which the credential may stand; behind them where it does not.
 */
export function subprotocolsAs(
  who: Who,
  names: readonly string[],
  credentials: IdentityCredentials,
): readonly string[] {
  const { subprotocol } = credentials.given;
  if (subprotocol === undefined) return names;
  const shown = who === 'none' ? undefined : credentials[who].subprotocol;
  const placed = names.includes(subprotocol) ? names : [...names, subprotocol];
  return placed.flatMap((name) => (name === subprotocol ? (shown ?? []) : name));
}
