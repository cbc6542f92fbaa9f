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

/**
 * Reads a subject identifier (RFC 9493, Shared Signals 1.0 section 3).
 *
 * @param issuer of the signal: nobody tells of the users of somebody else.
 * @param isOfSession whether an opaque id names a session, as in `session-revoked` (CAEP 1.0 section 3.1).
 * @returns `undefined` where it names nobody by what tokens of that issuer say, such as an e-mail address.
 */
export function readSignalSubject(value: unknown, issuer: string, isOfSession: boolean): SignalSubject | undefined {
  if (!isJsonObject(value)) return undefined;
  switch (value['format']) {
    case 'iss_sub':
    case 'jwt_id':
    case 'opaque':
      return readSimple(value, issuer, isOfSession);
    case 'aliases':
      return readAliases(value['identifiers'], issuer, isOfSession);
    case 'complex':
    // Earlier drafts have complex subjects without a format.
    case undefined:
      return readComplex(value, issuer);
    default:
      return undefined;
  }
}

function readSimple(value: JsonObject, issuer: string, isOfSession: boolean): SignalSubject | undefined {
  const { format, iss, sub, jti, id } = value;
  if (format === 'opaque') return isOfSession && isIdentifier(id) ? { ...NOBODY, sid: id } : undefined;
  if (iss !== issuer) return undefined;
  if (format === 'jwt_id') return isIdentifier(jti) ? { ...NOBODY, tokenId: jti } : undefined;
  return isIdentifier(sub) ? { ...NOBODY, sub } : undefined;
}

/** Several names of one subject: the first that is known here is enough. */
function readAliases(list: unknown, issuer: string, isOfSession: boolean): SignalSubject | undefined {
  if (!Array.isArray(list) || list.length > MAX_ALIASES) return undefined;
  for (const each of list as readonly unknown[]) {
    const found = isJsonObject(each) ? readSimpleFormat(each, issuer, isOfSession) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function readSimpleFormat(value: JsonObject, issuer: string, isOfSession: boolean): SignalSubject | undefined {
  const { format } = value;
  return format === 'iss_sub' || format === 'jwt_id' || format === 'opaque'
    ? readSimple(value, issuer, isOfSession)
    : undefined;
}

/** A user, a session, or a session of a user. What else it names (a device, a tenant) narrows it, and is not told apart here. */
function readComplex(value: JsonObject, issuer: string): SignalSubject | undefined {
  const user = value['user'] === undefined ? NOBODY : readSignalSubject(value['user'], issuer, false);
  const session = value['session'] === undefined ? NOBODY : readSignalSubject(value['session'], issuer, true);
  // One part that is not understood could be the one that matters.
  if (user === undefined || session === undefined) return undefined;
  const found = {
    sub: user.sub ?? session.sub,
    sid: session.sid,
    tokenId: session.tokenId ?? user.tokenId,
  };
  return found.sub === undefined && found.sid === undefined && found.tokenId === undefined ? undefined : found;
}
