import type { AuthenticationFailure } from '../authentication-failures.js';
import { isIdentifier } from '../../core/identifier.js';
import { isJsonObject, type JsonObject } from '../../core/strict-json.js';

/** Who a token speaks for. */
export interface JwtIdentity {
  /** The subject, unique within the issuer and tenant. */
  readonly id: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly tenant?: string;
  /** The log-in that the token belongs to. */
  readonly sessionId?: string;
  /** When the user logged in, in milliseconds since 1970. @default the `auth_time` of the token */
  readonly authenticatedAt?: number;
}

/** Makes the identity from verified claims, in whatever shape an identity provider gives them. */
export type JwtPrincipalMapping = (claims: Readonly<Record<string, unknown>>) => JwtIdentity | Promise<JwtIdentity>;

/** Reads the identity from the usual claims: `sub`, `roles`, and `scope`, `scopes` or `scp`. */
export function readJwtIdentity(claims: JsonObject): JwtIdentity | AuthenticationFailure {
  const { sub, roles = [] } = claims;
  if (!isIdentifier(sub)) return 'bad-subject';
  const scopes = readScopes(claims);
  return scopes === undefined || !isIdentifierList(roles) ? 'bad-claims' : { id: sub, roles, scopes };
}

/** Checks what a mapping of the application returned. Members that it left out stay out. */
export function checkJwtIdentity(value: unknown): JwtIdentity | AuthenticationFailure {
  if (!isJsonObject(value)) return 'bad-subject';
  const { id, roles = [], scopes = [], tenant, sessionId, authenticatedAt } = value;
  if (!isIdentifier(id)) return 'bad-subject';
  if (!isIdentifierList(roles) || !isIdentifierList(scopes)) return 'bad-claims';
  if (tenant !== undefined && !isIdentifier(tenant)) return 'bad-claims';
  if (sessionId !== undefined && !isIdentifier(sessionId)) return 'bad-claims';
  if (authenticatedAt !== undefined && !isMoment(authenticatedAt)) return 'bad-claims';
  return {
    id,
    roles,
    scopes,
    ...(tenant !== undefined && { tenant }),
    ...(sessionId !== undefined && { sessionId }),
    ...(authenticatedAt !== undefined && { authenticatedAt }),
  };
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * Collects the scopes: `scope` and `scp` as text (RFC 8693 section 4.2) or as lists, `scopes` as a list.
 *
 * @returns `undefined` when one of them has another shape: a role or scope is a whole element of a list, so that
 * `"readadmin"` never contains `"admin"` (OWASP ASVS 5.0 15.3.5).
 */
function readScopes({ scope = [], scopes = [], scp = [] }: JsonObject): readonly string[] | undefined {
  const all = new Set<string>();
  for (const value of [splitScope(scope), scopes, splitScope(scp)]) {
    if (!isIdentifierList(value)) return undefined;
    for (const item of value) all.add(item);
  }
  return [...all];
}

function splitScope(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // RFC 6749 section 3.3: single spaces. Two of them make an empty element, which is refused.
  return value === '' ? [] : value.split(' ');
}

function isIdentifierList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isIdentifier);
}
