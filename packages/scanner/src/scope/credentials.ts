import { withLogIn, withoutSecretFields } from './secret-fields.js';

/** Who the scan says that it is. */
export interface ScanCredentials {
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Sent as `Cookie`, whole. */
  readonly cookie?: string | undefined;
  /** Offered among the subprotocols, where browsers put a token that stands in no cookie. */
  readonly subprotocol?: string | undefined;
}

/** Whether there is any of them. */
export const hasCredential = ({ token, cookie, subprotocol }: ScanCredentials): boolean =>
  (token ?? cookie ?? subprotocol) !== undefined;

/**
 * Whose credentials a handshake carries: those given, those of a second account, none, some that have expired, or some that
 * are about to. All but the last are columns of the authorization matrix.
 */
export type Who = 'given' | 'other' | 'none' | 'expired' | 'expiring';

/** The credentials of a scan, by whose they are. */
export type IdentityCredentials = Readonly<Record<Exclude<Who, 'none'>, ScanCredentials>>;

/**
 * A captured message as somebody else would send it: with a token of his own in it, or none, where the first account has its
 * token, one of another day (a JWT), or what it logs in with.
 */
export function messageAs(message: string, who: Who, credentials: IdentityCredentials): string {
  if (who === 'given') return message;
  const { token = '' } = credentials.given;
  const own = who === 'none' ? '' : (credentials[who].token ?? '');
  const replaced = token.length < MIN_SECRET ? message : message.replaceAll(token, own);
  // What would need to be escaped stands in no token.
  return withLogIn(replaced.replace(JWT, `$1${own}`), /["'\\]/.test(own) ? '' : own);
}

/**
 * A JWT is a credential wherever it stands: in a message, a subprotocol, a path. Each run of letters is begun once, at its
 * beginning, and only where two dots follow: a text of `eyJ-eyJ-` would cost the square of its length otherwise.
 */
export const JWT = /(?<![\w-])(?=[\w-]+\.[\w-][\w-]+\.)([\w-]*?)\beyJ[\w-]{5}[\w-]*\.[\w-][\w-]+\.[\w-]*/g;

const MIN_SECRET = 4;
/** Prefixes of a token that is a subprotocol are words, and stand in many places. */
const MIN_PART = 16;

/** Takes the credentials of a scan out of everything that it reports. */
export class Redactor {
  private readonly secrets: readonly string[];

  constructor(...credentials: readonly ScanCredentials[]) {
    const plain = credentials.flatMap(secretsOf).filter((secret) => secret.length >= MIN_SECRET);
    const spellings = plain.flatMap(readingsOf).flatMap(spellingsOf);
    // The longest first: a part of one must not be taken out of it before.
    this.secrets = [...new Set(spellings)].sort((one, other) => other.length - one.length);
  }

  /** The characters of the longest spelling of a credential: half of one may be so long at the end of a text that was cut. */
  get longest(): number {
    return this.secrets[0]?.length ?? 0;
  }

  /** A text without the credentials of the scan. */
  withoutOwn(text: string): string {
    return this.secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
  }

  /** A text as a report may show it: without credentials, cut to `maxLength` characters. */
  redact(text: string, maxLength = 400): string {
    const shown = withoutSecretFields(this.withoutOwn(text));
    return shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown;
  }
}

/** A credential as it stands, and as a server reads it: `s%3Aid.signature` of a cookie is the session `id` of Express. */
function readingsOf(secret: string): readonly string[] {
  const bare = secret.replace(/^"(.*)"$/s, '$1');
  const read = decoded(bare);
  const [, session] = /^s:([^.]+)\./.exec(read) ?? [];
  return [secret, bare, read, session ?? secret].filter(({ length }) => length >= MIN_SECRET);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A credential as others write it: in a URL, and in JSON, which may stand in JSON, and may have its slashes escaped. */
function spellingsOf(secret: string): readonly string[] {
  const encoded = [secret, encodeURIComponent(secret)].flatMap((text) => [
    text,
    text.replace(ENCODED, (letter) => letter.toLowerCase()),
    text.replace(ENCODED, (letter) => letter.toUpperCase()),
  ]);
  const json = JSON.stringify(secret).slice(1, -1);
  return [...encoded, json, JSON.stringify(json).slice(1, -1), json.replaceAll('/', '\\/')];
}

const ENCODED = /%[\da-f]{2}/gi;

function secretsOf({ token = '', cookie = '', subprotocol = '' }: ScanCredentials): readonly string[] {
  const values = cookie.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  // The signature alone is the secret of a JWT: forgeries keep it, beside other claims.
  // Behind a prefix, such as `bearer.`: the server may say what is left without it.
  const parts = subprotocol.split('.').filter(({ length }) => length >= MIN_PART);
  const signed = [token, ...values].flatMap((value) => [value, ...value.split('.').slice(2)]);
  return [cookie, subprotocol, ...parts, ...signed];
}
