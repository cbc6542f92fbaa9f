/**
 * Who is connected. Frozen and owned by the module: nothing that a client sends and nothing that a handler assigns to the
 * socket changes it (OWASP ASVS 5.0 7.2.1).
 */
export interface Principal {
  /** Authenticator kind + issuer + tenant + id. Caps, refresh and revocation use this, never the bare `id`. */
  readonly key: string;
  /** The kind of authenticator: `jwt`, `anonymous`, ... */
  readonly kind: string;
  /** Who vouches for the identity, such as the `iss` of a token. */
  readonly issuer: string;
  /** The subject, unique within the issuer and tenant. */
  readonly id: string;
  readonly tenant?: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The log-in that this connection belongs to, such as the `sid` of a token. */
  readonly sessionId?: string;
  /** The `jti` of the token. */
  readonly tokenId?: string;
  /** The id of the key or API key that verified the credential. */
  readonly keyId?: string;
  /** When the identity was verified here, in milliseconds since 1970. */
  readonly authenticatedAt: number;
  /** When the identity ends, in milliseconds since 1970. The connection ends with it. */
  readonly expiresAt?: number;
  /** The verified claims, frozen at every depth. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The `kind` of principals that proved nothing. */
export const ANONYMOUS_KIND = 'anonymous';

/** What {@link createPrincipal} needs; the rest is derived. */
export type PrincipalInput = Omit<Principal, 'key' | 'roles' | 'scopes' | 'claims'> &
  Partial<Pick<Principal, 'roles' | 'scopes' | 'claims'>>;

/** Builds a frozen principal and derives its key. */
export function createPrincipal(input: PrincipalInput): Principal {
  const { kind, issuer, tenant, id } = input;
  return Object.freeze({
    ...input,
    // JSON keeps the parts apart: issuer "a" with id "b:c" must not equal issuer "a:b" with id "c".
    key: JSON.stringify(tenant === undefined ? [kind, issuer, id] : [kind, issuer, id, tenant]),
    roles: Object.freeze([...(input.roles ?? [])]),
    scopes: Object.freeze([...(input.scopes ?? [])]),
    claims: deepFreeze({ ...input.claims }),
  });
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null && !Object.isFrozen(child)) deepFreeze(child as object);
  }
  return Object.freeze(value);
}
