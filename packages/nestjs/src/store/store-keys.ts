import type { Principal } from '../core/principal.js';

// Parts are joined as JSON: session "a" of issuer "b:c" must not meet session "c:a" of issuer "b".
const join = (kind: string, ...parts: readonly (string | undefined)[]): string =>
  `${kind}:${JSON.stringify(parts.filter((part) => part !== undefined))}`;

/** The key of a principal: all its sessions and tokens. */
export function principalKey(principal: Pick<Principal, 'key'>): string {
  return `principal:${principal.key}`;
}

/** The key of the log-in that a principal came with; `undefined` when its credential names none. */
export function sessionKey({ block, issuer, tenant, sessionId }: Principal): string | undefined {
  return sessionId === undefined ? undefined : join('session', block, issuer, sessionId, tenant);
}

/**
 * The key of the API key that a principal came with; `undefined` for other kinds, whose `keyId` names the key that signed
 * and is shared by everybody.
 */
export function apiKeyKey({ block, kind, issuer, keyId }: Principal): string | undefined {
  return kind !== 'api-key' || keyId === undefined ? undefined : join('api-key', block, issuer, keyId);
}
