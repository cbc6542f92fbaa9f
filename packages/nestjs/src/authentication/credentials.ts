import {
  BEARER_SUBPROTOCOL_PREFIX,
  CSRF_SUBPROTOCOL_PREFIX,
  DPOP_SUBPROTOCOL_PREFIX,
  TICKET_SUBPROTOCOL_PREFIX,
} from '@secure-ws/protocol';
import type { CredentialSource, WsCredential } from './authenticator.js';

/** The parts of a request in which credentials are looked for. The query string is not among them (ASVS 5.0 14.2.1). */
export interface CredentialFields {
  /** The `Authorization` field; the request shape check has made sure that there is only one. */
  readonly authorization: string | undefined;
  /** Every entry that the client offered in `Sec-WebSocket-Protocol`. */
  readonly subprotocols: readonly string[];
  /** The `DPoP` field; the request shape check has made sure that there is only one. */
  readonly dpop?: string | undefined;
  /** The `Cookie` field. Its mere presence is an ambient credential: a browser sends it for any page. */
  readonly cookie?: string | undefined;
}

/** Why no explicit credential can be verified although at least one was sent. */
export type CredentialProblem = 'ambiguous' | 'malformed' | 'unsupported-scheme';

/** What {@link findCredentials} found. */
export interface CredentialSearch {
  /** The one explicit credential; always `undefined` beside a {@link problem}, so that nothing can be verified then. */
  readonly credential: WsCredential | undefined;
  /** The DPoP proof beside a credential of the scheme `dpop`. */
  readonly proof: string | undefined;
  /** Set when the handshake must be refused unverified. Both fields empty: no explicit credential was sent. */
  readonly problem: CredentialProblem | undefined;
  /** Whether the request carries what a browser adds by itself: a cookie, or a scheme of {@link AMBIENT_SCHEMES}. */
  readonly hasAmbient: boolean;
  /** The offered subprotocols without the entries that carry tokens: all that may be looked at for the answer. */
  readonly subprotocols: readonly string[];
}

/** Schemes whose credentials browsers store and add to every request, whichever page made it. */
const AMBIENT_SCHEMES: ReadonlySet<string> = new Set(['basic', 'digest', 'negotiate', 'ntlm']);

// RFC 9110 section 11.4 in its token68 form: a scheme, exactly one space, one value. Commas, tabs and a second space have
// no place in it, so that neither a joined pair of fields nor a second token can hide in one. Linear: the classes that
// follow each other are disjoint.
const CREDENTIALS = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([A-Za-z0-9\-._~+/]+=*)$/;

/** The entries of a subprotocol list that carry an explicit credential, with its scheme. */
const SUBPROTOCOL_SCHEMES = [
  [BEARER_SUBPROTOCOL_PREFIX, 'bearer'],
  [TICKET_SUBPROTOCOL_PREFIX, 'ticket'],
] as const;

/** The longest value in a message that is looked at, in characters; authenticators have narrower limits of their own. */
const MAX_MESSAGE_VALUE = 16_384;

const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * Finds the explicit credential of a handshake: `Authorization: <scheme> <value>` (RFC 9110, RFC 6750), or one
 * `bearer.<token>` or `ticket.<value>` entry of the subprotocol list. Two of them refuse, whatever they hold: which one would count must not
 * be a matter of order (OWASP ASVS 5.0 15.3.7).
 *
 * A DPoP proof, in a field of its own or as one `dpop.<proof>` entry, makes a token of the list one of the scheme `dpop`;
 * beside any other scheme of `Authorization`, or beside no token, it is malformed (RFC 9449 section 7.1).
 *
 * An ambient scheme such as `Basic` is never verified: alone it is `unsupported-scheme`, beside an explicit credential
 * that one decides. Any other scheme is handed on, for an authenticator that accepts it.
 */
export function findCredentials({ authorization, subprotocols, dpop, cookie }: CredentialFields): CredentialSearch {
  const plain: string[] = [];
  const explicit: WsCredential[] = [];
  const proofs: string[] = dpop === undefined ? [] : [dpop];
  let isMalformed = false;
  let hasAmbientScheme = false;

  if (authorization !== undefined) {
    const credential = parseAuthorization(authorization);
    if (credential === undefined) isMalformed = true;
    else if (AMBIENT_SCHEMES.has(credential.scheme)) hasAmbientScheme = true;
    else explicit.push(credential);
  }
  for (const entry of subprotocols) {
    const [prefix, scheme] = SUBPROTOCOL_SCHEMES.find(([each]) => entry.startsWith(each)) ?? [];
    if (prefix !== undefined) {
      const value = entry.slice(prefix.length);
      if (TOKEN68.test(value)) explicit.push(credentialOf(scheme, value, 'subprotocol'));
      else isMalformed = true;
    } else if (entry.startsWith(DPOP_SUBPROTOCOL_PREFIX)) {
      proofs.push(entry.slice(DPOP_SUBPROTOCOL_PREFIX.length));
    } else if (!entry.startsWith(CSRF_SUBPROTOCOL_PREFIX)) {
      plain.push(entry);
    }
  }

  const [proof, second] = proofs;
  const [first] = explicit;
  if (proof !== undefined && (second !== undefined || !TOKEN68.test(proof) || !canBeProved(first))) isMalformed = true;
  const problem = problemOf(explicit.length, isMalformed, hasAmbientScheme);
  const credential = problem === undefined ? first : undefined;
  return {
    credential: credential !== undefined && proof !== undefined ? { ...credential, scheme: 'dpop' } : credential,
    proof: problem === undefined ? proof : undefined,
    problem,
    hasAmbient: hasAmbientScheme || cookie !== undefined,
    subprotocols: plain,
  };
}

/**
 * Reads the credential of a message `$auth`: `{ token }`, `{ token, dpop }` or `{ ticket }`, and nothing else beside it: of
 * two, which one counts must not depend on their order (OWASP ASVS 5.0 15.3.7).
 *
 * @param url that of the handshake, which a DPoP proof must be for: there is no other request.
 */
export function messageCredential(data: unknown, url: string): WsCredential | undefined {
  if (typeof data !== 'object' || data === null || !Object.values(data).every(isText)) return undefined;
  const { token = '', ticket = '', dpop = '' } = data as Readonly<Record<string, string>>;
  const hasOnly = (...names: readonly string[]): boolean =>
    Object.keys(data).length === names.length && names.every((name) => Object.hasOwn(data, name));
  const source = 'message';
  if (hasOnly('token')) return { scheme: 'bearer', value: token, source };
  if (hasOnly('token', 'dpop')) return { scheme: 'dpop', value: token, proof: { jwt: dpop, url }, source };
  return hasOnly('ticket') ? { scheme: 'ticket', value: ticket, source } : undefined;
}

function canBeProved(credential: WsCredential | undefined): boolean {
  return credential?.scheme === 'dpop' || credential?.source === 'subprotocol';
}

function parseAuthorization(field: string): WsCredential | undefined {
  const match = CREDENTIALS.exec(field);
  const scheme = match?.[1];
  const value = match?.[2];
  if (scheme === undefined || value === undefined) return undefined;
  // RFC 9110 section 11.1: the scheme is case-insensitive.
  return credentialOf(scheme.toLowerCase(), value, 'authorization');
}

function credentialOf(scheme: string, value: string, source: CredentialSource): WsCredential {
  return { scheme, value, source };
}

function problemOf(
  explicitCount: number,
  isMalformed: boolean,
  hasAmbientScheme: boolean,
): CredentialProblem | undefined {
  // A malformed one beside a good one is a second credential too; it never falls back to the good one.
  if (isMalformed) return 'malformed';
  if (explicitCount > 1) return 'ambiguous';
  return explicitCount === 0 && hasAmbientScheme ? 'unsupported-scheme' : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_MESSAGE_VALUE;
}
