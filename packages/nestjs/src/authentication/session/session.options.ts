import type { KeyObject } from 'node:crypto';
import type { ClassOrInstance, OptionReader } from '../../core/option-reader.js';
import { readSecretKeys, type SecretMaterial } from '../secret-keys.js';
import { WsSessionVerifier } from './ws-session-verifier.js';

/** `authentication.session`: the session cookie of the application's pages as a credential. */
export interface SessionOptions {
  /** The name of the cookie. `__Host-sid` is a good one: with that prefix no other host can plant one (RFC 6265bis). */
  readonly cookie: string;
  /** Finds the session of a cookie. */
  readonly verifier: ClassOrInstance<WsSessionVerifier>;
  /** Tokens with which a page proves that it is one of ours (OWASP CSRF cheat sheet). */
  readonly csrf: SessionCsrfOptions;
}

/** `authentication.session.csrf`. */
export interface SessionCsrfOptions {
  /**
   * The secret that binds a token to its session: at least 32 random bytes, the same on every node. To change it, list the
   * new one first, which makes the tokens, and the old one behind it until the pages that have its tokens are gone.
   */
  readonly secret: SecretMaterial;
}

/** {@link SessionOptions}, checked and frozen. */
export interface ResolvedSessionOptions {
  readonly cookie: string;
  readonly verifier: ClassOrInstance<WsSessionVerifier>;
  /** At least one. The first makes the tokens. */
  readonly csrfKeys: readonly KeyObject[];
}

const EXAMPLE = "{ cookie: '__Host-sid', verifier: Sessions, csrf: { secret: process.env.CSRF_SECRET } }";

/** RFC 6265 section 4.1.1: a cookie's name is a token. */
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;

/**
 * Checks `authentication.session`. Problems go to the reader; nothing is thrown.
 *
 * @returns `undefined` where something of it is missing or wrong.
 */
export function resolveSessionOptions(reader: OptionReader): ResolvedSessionOptions | undefined {
  const cookie = readCookieName(reader);
  const verifier = readVerifier(reader);
  const csrfKeys = readCsrfKeys(reader, EXAMPLE);
  reader.finish();
  if (cookie === undefined || verifier === undefined || csrfKeys === undefined) return undefined;
  return Object.freeze({ cookie, verifier, csrfKeys });
}

function readCookieName(reader: OptionReader): string | undefined {
  const name = reader.raw('cookie');
  if (typeof name === 'string' && COOKIE_NAME.test(name)) return name;
  reader.fail('cookie', 'must be the name of the session cookie.', `${reader.path}: ${EXAMPLE}`);
  return undefined;
}

function readVerifier(reader: OptionReader): ClassOrInstance<WsSessionVerifier> | undefined {
  const verifier = reader.classOrInstance('verifier', WsSessionVerifier, 'Sessions');
  if (!reader.has('verifier')) {
    reader.fail('verifier', 'is missing: nothing finds the session of a cookie.', `${reader.path}: ${EXAMPLE}`);
  }
  return verifier;
}

/** Reads `csrf` of a level. @returns `undefined` where it is missing or wrong. */
export function readCsrfKeys(reader: OptionReader, example: string): readonly KeyObject[] | undefined {
  const level = reader.object('csrf');
  const keys = readSecretKeys(level, 'secret', 'CSRF_SECRET');
  level.finish();
  if (keys === undefined) {
    const problem = 'is missing: what a browser adds by itself does not say whose page sent it.';
    level.fail('secret', problem, `${reader.path}: ${example}`);
  }
  return keys === undefined || keys.length === 0 ? undefined : keys;
}
