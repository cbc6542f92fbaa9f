/** Who the scan says that it is. */
export interface ScanCredentials {
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Sent as `Cookie`, whole. */
  readonly cookie?: string | undefined;
}

const MIN_SECRET = 4;

/** Takes the credentials of a scan out of everything that it reports. */
export class Redactor {
  private readonly secrets: readonly string[];

  constructor({ token, cookie }: ScanCredentials) {
    const values = (cookie ?? '').split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
    const plain = [token ?? '', cookie ?? '', ...values].filter((secret) => secret.length >= MIN_SECRET);
    const spellings = plain.flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]);
    // The longest first: a part of one must not be taken out of it before.
    this.secrets = [...new Set(spellings)].sort((one, other) => other.length - one.length);
  }

  /** A text without the credentials, cut to `maxLength` characters. */
  redact(text: string, maxLength = 400): string {
    const clean = this.secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
    return clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean;
  }
}
