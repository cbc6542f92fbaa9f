import { isIdentifier } from './identifier.js';

/**
 * Who is connected. Frozen and owned by the module: nothing that a client sends and nothing that a handler assigns to the
 * socket changes it (OWASP ASVS 5.0 7.2.1).
 */
export interface Principal {
  /**
   * {@link block} + issuer + tenant + id. Caps, limits and refresh use this, never the bare `id`. Bans and revocations take it
   * too, and mean the person: the same issuer, tenant and id, whichever block vouches for them.
   */
  readonly key: string;
  /**
   * Which block of the options vouches for the identity: `authentication.jwt`, `authentication.authenticators[0]`, ... Two
   * blocks never share the limits of a principal, whatever issuer they name.
   */
  readonly block: string;
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
  /**
   * When the credential was issued, in milliseconds since 1970, by the clock of its issuer: whatever was issued before a
   * revocation, or in the same second, is revoked. 0 for a token that does not say.
   */
  readonly issuedAt: number;
  /**
   * When the user last logged in, in milliseconds since 1970, as who vouches for them says (`auth_time` of a token): what
   * `@WsStepUp()` looks at. A token that is renewed without the user does not move it. 0 where nobody says.
   */
  readonly authenticatedAt: number;
  /** When the identity ends, in milliseconds since 1970. The connection ends with it. */
  readonly expiresAt?: number;
  /** The verified claims: a copy of what the authenticator answered, frozen at every depth. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The `kind` of principals that proved nothing. */
export const ANONYMOUS_KIND = 'anonymous';

/**
 * What an authenticator answers for a credential that it accepts. Every string is an identifier: 1 to 256 characters,
 * none of them a control character.
 */
export interface PrincipalInput extends Omit<
  Principal,
  'key' | 'block' | 'kind' | 'roles' | 'scopes' | 'issuedAt' | 'authenticatedAt' | 'claims'
> {
  /** Not `anonymous`, which is the module's for who proved nothing. @default the `kind` of the authenticator */
  readonly kind?: string;
  /** @default [] */
  readonly roles?: readonly string[];
  /** @default [] */
  readonly scopes?: readonly string[];
  /** @default `authenticatedAt`, else now */
  readonly issuedAt?: number;
  /** @default 0: nobody knows */
  readonly authenticatedAt?: number;
  /** @default {} */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Where a principal comes from, for what it does not say itself. */
export interface PrincipalSource extends Pick<Principal, 'block' | 'kind'> {
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** An answer that is no principal. Its text names the field, never the value. */
export class PrincipalError extends TypeError {
  override readonly name = 'PrincipalError';
}

const REQUIRED = ['kind', 'issuer', 'id'] as const;
const OPTIONAL = ['tenant', 'sessionId', 'tokenId', 'keyId'] as const;

/**
 * Makes the principal of an answer: the one check that stands behind every authenticator. Everything is copied, so that
 * the object of the application stays its own and a later change of it changes nobody's rights.
 *
 * @throws PrincipalError when a field is missing or has another type: an `expiresAt` that is not a number never comes, and
 * a string spread into `roles` would give its letters.
 */
export function makePrincipal(answer: unknown, { block, kind, now }: PrincipalSource): Principal {
  if (typeof answer !== 'object' || answer === null) throw new PrincipalError(`${block} answered no principal.`);
  const given: Partial<Record<keyof PrincipalInput, unknown>> = answer;
  const principal: Record<string, unknown> = { key: '', block };
  for (const name of REQUIRED) {
    principal[name] = identifier(block, name, given[name] ?? (name === 'kind' ? kind : undefined));
  }
  for (const name of OPTIONAL) {
    const value = given[name];
    if (value !== undefined) principal[name] = identifier(block, name, value);
  }
  principal['roles'] = identifiers(block, 'roles', given.roles);
  principal['scopes'] = identifiers(block, 'scopes', given.scopes);
  principal['authenticatedAt'] = date(block, 'authenticatedAt', given.authenticatedAt ?? 0);
  principal['issuedAt'] = date(block, 'issuedAt', given.issuedAt ?? given.authenticatedAt ?? now);
  const { expiresAt, claims = {} } = given;
  if (expiresAt !== undefined) principal['expiresAt'] = date(block, 'expiresAt', expiresAt);
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) fail(block, 'claims', 'is not an object');
  principal['claims'] = frozenCopy(claims);
  const { issuer, id, tenant } = principal;
  // JSON keeps the parts apart: issuer "a" with id "b:c" must not equal issuer "a:b" with id "c".
  principal['key'] = JSON.stringify(tenant === undefined ? [block, issuer, id] : [block, issuer, id, tenant]);
  return Object.freeze(principal) as unknown as Principal;
}

/**
 * Makes a principal, for the tests of policies and the like. An authenticator need not: what it answers is checked and
 * copied in any case, and gets the `key` of its place in the options.
 *
 * @param input with `kind` `'custom'` and `issuedAt` 0 where they are left out.
 * @throws TypeError when a field is missing or has another type.
 */
export function createPrincipal(input: PrincipalInput): Principal {
  const { kind = 'custom' } = input;
  return makePrincipal(input, { block: kind, kind, now: 0 });
}

function identifier(block: string, name: string, value: unknown): string {
  return isIdentifier(value)
    ? value
    : fail(block, name, 'is not an identifier (1 to 256 characters, no control characters)');
}

function identifiers(block: string, name: string, value: unknown = []): readonly string[] {
  // Copied before it is looked at: what is checked is what is kept. `every` would pass over the holes of a list.
  const list: readonly unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [undefined];
  return list.every(isIdentifier) ? Object.freeze(list) : fail(block, name, 'is not a list of identifiers');
}

function date(block: string, name: string, value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : fail(block, name, 'is not a number of milliseconds since 1970');
}

function fail(block: string, name: string, problem: string): never {
  throw new PrincipalError(`${block} answered a principal whose ${name} ${problem}.`);
}

function frozenCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, frozenCopy(item)])));
  }
  // A Date, a Map, an entity of the application: without its methods, or as a copy of the same class.
  const copy: unknown = structuredClone(value);
  return Object.getPrototypeOf(copy) === Object.prototype ? frozenCopy(copy) : copy;
}
