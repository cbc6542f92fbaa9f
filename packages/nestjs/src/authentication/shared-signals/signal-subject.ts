import { isIdentifier } from '../../core/identifier.js';
import { isJsonObject, type JsonObject } from '../../core/strict-json.js';

/** Whom a signal is about, as far as this module can tell: one of the three at least. */
export interface SignalSubject {
  /** The `sub` of tokens of the same issuer. */
  readonly sub: string | undefined;
  /** The `sid` of tokens of the same issuer. */
  readonly sid: string | undefined;
  /** The `jti` of one token. */
  readonly tokenId: string | undefined;
}

/** How many identifiers of one subject are looked at. */
const MAX_ALIASES = 10;

const NOBODY: SignalSubject = Object.freeze({ sub: undefined, sid: undefined, tokenId: undefined });

/** The formats of RFC 9493 that name somebody by what tokens say. */
type Format = 'iss_sub' | 'jwt_id' | 'opaque';

const OF_ANYBODY: ReadonlySet<unknown> = new Set<Format>(['iss_sub', 'jwt_id', 'opaque']);
const OF_USER: ReadonlySet<unknown> = new Set<Format>(['iss_sub', 'jwt_id']);
/** Not a user: who is told to end one session of theirs must not end all of them. */
const OF_SESSION: ReadonlySet<unknown> = new Set<Format>(['jwt_id', 'opaque']);

/**
 * Reads a subject identifier (RFC 9493, Shared Signals 1.0 section 3).
 *
 * @param issuer of the signal: nobody tells of the users of somebody else.
 * @param isOfSession whether an opaque id names a session, as in `session-revoked` (CAEP 1.0 section 3.1).
 * @returns `undefined` where it names nobody by what tokens of that issuer say, such as an e-mail address.
 */
export function readSignalSubject(value: unknown, issuer: string, isOfSession: boolean): SignalSubject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { format } = value;
  // Earlier drafts have complex subjects without a format.
  if (format === 'complex' || format === undefined) return readComplex(value, issuer);
  return readNamed(value, issuer, isOfSession ? OF_ANYBODY : OF_USER);
}

/** One name, or several of one subject: the first that is known here is enough. */
function readNamed(value: unknown, issuer: string, formats: ReadonlySet<unknown>): SignalSubject | undefined {
  if (!isJsonObject(value)) return undefined;
  if (value['format'] !== 'aliases') return readOne(value, issuer, formats);
  const { identifiers } = value;
  if (!Array.isArray(identifiers) || identifiers.length > MAX_ALIASES) return undefined;
  for (const each of identifiers as readonly unknown[]) {
    const found = isJsonObject(each) ? readOne(each, issuer, formats) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function readOne(value: JsonObject, issuer: string, formats: ReadonlySet<unknown>): SignalSubject | undefined {
  const { format, iss, sub, jti, id } = value;
  if (!formats.has(format)) return undefined;
  if (format === 'opaque') return isIdentifier(id) ? { ...NOBODY, sid: id } : undefined;
  if (iss !== issuer) return undefined;
  if (format === 'jwt_id') return isIdentifier(jti) ? { ...NOBODY, tokenId: jti } : undefined;
  return isIdentifier(sub) ? { ...NOBODY, sub } : undefined;
}

/** A user, a session, or a session of a user. What else it names (a device, a tenant) narrows it, and is not told apart here. */
function readComplex(value: JsonObject, issuer: string): SignalSubject | undefined {
  const user = value['user'] === undefined ? NOBODY : readNamed(value['user'], issuer, OF_USER);
  const session = value['session'] === undefined ? NOBODY : readNamed(value['session'], issuer, OF_SESSION);
  // One part that is not understood could be the one that matters.
  if (user === undefined || session === undefined || (user === NOBODY && session === NOBODY)) return undefined;
  if (session === NOBODY) return user;
  // The session alone is meant: a user beside its token would have all of theirs ended.
  return session.sid === undefined ? session : { ...session, sub: user.sub };
}
