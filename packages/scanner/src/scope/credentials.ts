import { withoutSecretFields } from './secret-fields.js';

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

/** A captured message as somebody else would send it: with a token of his own in it, or none, where the first account has its token. */
export function messageAs(message: string, who: Who, credentials: IdentityCredentials): string {
  const { token = '' } = credentials.given;
  if (who === 'given' || token.length < MIN_SECRET) return message;
  return message.replaceAll(token, who === 'none' ? '' : (credentials[who].token ?? ''));
}

const MIN_SECRET = 4;
/** Prefixes of a token that is a subprotocol are words, and stand in many places. */
const MIN_PART = 16;

/** Takes the credentials of a scan out of everything that it reports. */
export class Redactor {
  private readonly secrets: readonly string[];

  constructor(...credentials: readonly ScanCredentials[]) {
    const plain = credentials.flatMap(secretsOf).filter((secret) => secret.length >= MIN_SECRET);
    const spellings = plain.flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]);
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

function secretsOf({ token = '', cookie = '', subprotocol = '' }: ScanCredentials): readonly string[] {
  const values = cookie.split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  // The signature alone is the secret of a JWT: forgeries keep it, beside other claims.
  // Behind a prefix, such as `bearer.`: the server may say what is left without it.
  const parts = subprotocol.split('.').filter(({ length }) => length >= MIN_PART);
  const signed = [token, ...values].flatMap((value) => [value, ...value.split('.').slice(2)]);
  return [cookie, subprotocol, ...parts, ...signed];
}
