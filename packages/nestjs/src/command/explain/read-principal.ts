import { API_KEYS_ISSUER } from '../../authentication/api-key/api-key.authenticator.js';
import type {
  AuthenticationBlocks,
  ResolvedAuthenticationOptions,
} from '../../authentication/authentication.options.js';
import { randomId } from '../../core/identifier.js';
import {
  ANONYMOUS_KIND,
  makePrincipal,
  type Principal,
  PrincipalError,
  type PrincipalInput,
} from '../../core/principal.js';
import { isPlainObject } from '../../core/option-reader.js';
import { decodeJson } from '../../core/safe-json.js';
import { readBoundedFile } from '../bounded-file.js';

/** As much as the claims of the largest token would be. */
const MAX_BYTES = 65_536;
const LIMITS = { maxDepth: 20, maxKeys: 200, maxNodes: 1000 };

/** The fields of a principal that the file may have, and `block`. `key` is made of them. */
const FIELDS: Readonly<Record<keyof PrincipalInput | 'block', true>> = {
  block: true,
  kind: true,
  issuer: true,
  id: true,
  tenant: true,
  roles: true,
  scopes: true,
  sessionId: true,
  tokenId: true,
  keyId: true,
  issuedAt: true,
  authenticatedAt: true,
  expiresAt: true,
  claims: true,
};

const EXAMPLE = '{ "issuer": "https://id.example.com", "id": "alice", "roles": ["trader"] }';

/**
 * Reads a principal from a file: the JSON of what an authenticator answers, and `block` where more than one vouches for
 * identities; `{ "kind": "anonymous" }` is nobody. It passes the check that stands behind every authenticator.
 *
 * @param now milliseconds since 1970.
 * @throws TypeError that says what is wrong with the file.
 */
export async function readPrincipal(
  path: string,
  authentication: ResolvedAuthenticationOptions,
  now: number,
): Promise<Principal> {
  const text = await readBoundedFile('--as', path, MAX_BYTES);
  // As strictly as what a client sends: of two equal keys nobody knows which one was meant.
  const decoded = decodeJson(text, LIMITS);
  if (!decoded.ok) throw new TypeError(`--as ${path} is refused: ${decoded.reason}. It takes ${EXAMPLE}.`);
  const { value } = decoded;
  if (!isPlainObject(value)) throw new TypeError(`--as ${path} is not an object. It takes ${EXAMPLE}.`);
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(FIELDS, name));
  if (unknown !== undefined) {
    const known = Object.keys(FIELDS).join(', ');
    throw new TypeError(`--as ${path}: "${unknown}" is not a field of a principal. There are ${known}.`);
  }
  if (value['kind'] === ANONYMOUS_KIND) return anonymous(path, value, now);
  const blocks = blocksOf(authentication);
  const { block = [...blocks.keys()][0] } = value;
  const voucher = typeof block === 'string' ? blocks.get(block) : undefined;
  if (typeof block !== 'string' || voucher === undefined) {
    throw new TypeError(`--as ${path}: "block" is one of ${[...blocks.keys()].join(', ')}.`);
  }
  const { kind, issuers } = voucher;
  try {
    const principal = makePrincipal(value, { block, kind, now });
    if (issuers?.includes(principal.issuer) === false) {
      throw new PrincipalError(
        `no credential of this issuer is admitted: "issuer" of ${block} is ${issuers.join(' or ')}.`,
      );
    }
    return principal;
  } catch (error) {
    if (!(error instanceof PrincipalError)) throw error;
    throw new TypeError(`--as ${path}: ${error.message}`, { cause: error });
  }
}

/** Nobody, as who connects without a credential to a gateway that takes such. */
function anonymous(path: string, value: object, now: number): Principal {
  if (Object.keys(value).length > 1) throw new TypeError(`--as ${path}: nobody has no other field than "kind".`);
  const [kind, block] = [ANONYMOUS_KIND, ANONYMOUS_KIND];
  return makePrincipal({ issuer: kind, id: randomId() }, { block, kind, now });
}

/** What a block of the options vouches for. */
interface Voucher {
  /** The kind of its principals. */
  readonly kind: string;
  /** The only issuers that they can have; `undefined` where code of the application names them. */
  readonly issuers: readonly string[] | undefined;
}

/** The blocks of the options that vouch for identities. */
function blocksOf(authentication: ResolvedAuthenticationOptions): ReadonlyMap<string, Voucher> {
  const { blocks, jwt, oauth, session, clientCertificate, apiKeys, tickets } = authentication;
  const kinds: readonly (readonly [
    name: keyof Omit<AuthenticationBlocks, 'authenticators'>,
    kind: string,
    isThere: boolean,
    issuers?: readonly string[],
  ])[] = [
    ['jwt', 'jwt', jwt.length > 0, jwt.map(({ issuer }) => issuer)],
    ['oauth', 'oauth', oauth.length > 0, oauth.map(({ issuer }) => issuer)],
    ['session', 'session', session !== undefined],
    ['clientCertificate', 'client-certificate', clientCertificate !== undefined],
    ['apiKeys', 'api-key', apiKeys !== undefined, [API_KEYS_ISSUER]],
    ['tickets', 'ticket', tickets !== undefined],
  ];
  const named = kinds
    .filter(([, , isThere]) => isThere)
    .map(([name, kind, , issuers]) => [blocks[name], { kind, issuers }] as const);
  return new Map<string, Voucher>([
    ...named,
    ...blocks.authenticators.map((name) => [name, { kind: 'custom', issuers: undefined }] as const),
  ]);
}
