import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '../../core/principal.js';

/** Why an identity may not take the place of another one. */
export type RefreshProblem = 'subject' | 'stale' | 'weaker';

/**
 * Whether a fresh identity may take the place of the one that a connection has (OWASP ASVS 5.0 7.2.4, AN-16): the same
 * principal, a newer credential, and proved at least as strongly.
 *
 * @returns `undefined` where it may.
 */
export function judgeRefresh(before: Principal, after: Principal): RefreshProblem | undefined {
  // Block, issuer, tenant and id are in it. The kind may differ: a ticket stands for what has paid for it.
  if (after.key !== before.key) return 'subject';
  if (!isNewer(before, after)) return 'stale';
  return isWeaker(before.claims, after.claims) ? 'weaker' : undefined;
}

function isNewer(before: Principal, after: Principal): boolean {
  if (before.tokenId !== undefined && before.tokenId === after.tokenId) return false;
  if (after.issuedAt !== before.issuedAt) return after.issuedAt > before.issuedAt;
  // Two tokens of one second: the one that lasts longer is not the same one again.
  return before.expiresAt !== undefined && (after.expiresAt ?? Infinity) > before.expiresAt;
}

type Claims = Principal['claims'];

/**
 * What a token says of the log-in behind it (OpenID Connect Core section 2, RFC 8176, RFC 7800): an older log-in, a lower
 * level, a method less or another key in its `cnf` is weaker, and so is one that does not say any more. Levels that are no
 * numbers have no order that is known here: another one counts as lower.
 */
function isWeaker(before: Claims, after: Claims): boolean {
  return (
    isLower(before['auth_time'], after['auth_time']) ||
    isLower(before['acr'], after['acr']) ||
    (Array.isArray(before['amr']) && !includesAll(after['amr'], before['amr'])) ||
    (before['cnf'] !== undefined && !isDeepStrictEqual(before['cnf'], after['cnf']))
  );
}

function isLower(before: unknown, after: unknown): boolean {
  if (before === undefined || before === after) return false;
  const [from, to] = [levelOf(before), levelOf(after)];
  // Negated: NaN fails the comparison, so it is lower.
  return !(to >= from);
}

function levelOf(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && /^\d{1,15}$/.test(value))
    ? Number(value)
    : Number.NaN;
}

function includesAll(list: unknown, wanted: readonly unknown[]): boolean {
  return Array.isArray(list) && wanted.every((item) => list.includes(item));
}
