import type { AuthenticationFailure } from '../authentication-failures.js';
import { isJwtAlgorithm, type JwtAlgorithm } from './jwt-algorithm.js';
import type { JsonObject } from '../../core/strict-json.js';

/** Long enough for the SHA-256 thumbprints and UUIDs that identity providers use. */
export const MAX_KID_LENGTH = 256;

/** The checked header of a token. It says which key the token claims; nothing in it is trusted. */
export interface JwtHeader {
  readonly alg: JwtAlgorithm;
  readonly kid: string | undefined;
  /** In its normal form; `undefined` when absent. */
  readonly typ: string | undefined;
}

/**
 * Members that a signed access token has no use for, any of which changes what is verified: extensions that we would have
 * to understand (RFC 7515 section 4.1.11, RFC 7797), encryption and compression (RFC 8725 sections 3.3 and 3.15), and a
 * key that the token brings along (CVE-2018-0114).
 *
 * `jku` and `x5u` are not here: some identity providers put them into every token. They are never read; keys come from the
 * options alone.
 */
const REFUSED_MEMBERS = ['crit', 'b64', 'enc', 'zip', 'p2c', 'jwk', 'x5c'] as const;

const DEFAULT_TYPES: ReadonlySet<string> = new Set(['jwt', 'at+jwt']);

/** Checks a header before anything is spent on cryptography. */
export function readJwtHeader(header: JsonObject): JwtHeader | AuthenticationFailure {
  const { alg, kid, typ } = header;
  if (!isJwtAlgorithm(alg)) return 'bad-algorithm';
  if (REFUSED_MEMBERS.some((name) => Object.hasOwn(header, name))) return 'bad-header';
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH)) return 'bad-header';
  if (typ !== undefined && typeof typ !== 'string') return 'bad-type';
  return { alg, kid, typ: typ === undefined ? undefined : normalizeType(typ) };
}

/**
 * Whether the kind of token is accepted, so that one that was made for something else (a refresh, logout or e-mail token)
 * cannot log in (RFC 8725 sections 3.11 and 3.12).
 *
 * @param accepted normal forms, all of which demand that a `typ` is there; `undefined` for the default
 */
export function isTypeAccepted(typ: string | undefined, accepted: ReadonlySet<string> | undefined): boolean {
  if (accepted !== undefined) return typ !== undefined && accepted.has(typ);
  return typ === undefined || DEFAULT_TYPES.has(typ);
}

/** The form in which types are compared: RFC 7515 section 4.1.9 lets issuers leave `application/` out. */
export function normalizeType(typ: string): string {
  const lower = typ.toLowerCase();
  const name = lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
  return name.includes('/') ? lower : name;
}
