import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { OptionReader } from '../../core/option-reader.js';
import { isHeaderText, type SyslogHeader } from './syslog-message.js';

/** The options of a {@link SyslogSink}. */
export interface SyslogSinkOptions {
  /** The name of the server, which its certificate must be for. */
  readonly host: string;
  /** @default 6514, the port of syslog over TLS (RFC 5425 section 4.1) */
  readonly port?: number;
  /** The authorities that may vouch for the server, in PEM. @default those of Node */
  readonly ca?: string | Uint8Array;
  /** The certificate that this process shows, in PEM, with {@link key}. @default none */
  readonly cert?: string | Uint8Array;
  /** The private key of {@link cert}, in PEM. */
  readonly key?: string | Uint8Array;
  /** The name in the certificate of the server, where it is another one than {@link host}. @default `host` */
  readonly serverName?: string;
  /** Where the messages come from, 0 to 23 (RFC 5424). @default 13, log audit */
  readonly facility?: number;
  /** Which application they come from: up to 48 characters of ASCII. @default 'secure-ws' */
  readonly appName?: string;
  /** Which machine they come from: up to 255 characters of ASCII. @default the name of the host */
  readonly hostname?: string;
  /** As of `FileSink`: `'written'` sends each refusal of a flood. @default 'summarised' */
  readonly floods?: 'summarised' | 'written';
}

/** {@link SyslogSinkOptions}, checked and filled. */
export interface SyslogSettings {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;
  readonly header: SyslogHeader;
}

const LOG_AUDIT = 13;
const TLS_PORT = 6514;

/** Reads the options of a syslog sink. */
export function readSyslogOptions(reader: OptionReader): SyslogSettings {
  const isHost = (value: unknown): value is string =>
    typeof value === 'string' && (isIP(value) !== 0 || /^[\w.-]+$/.test(value));
  const requirement = 'must be the name or the address of a server, without a protocol, port or path';
  const host = reader.checked('host', isHost, requirement, `'logs.example.com'`, 'another text');
  if (host === undefined && !reader.has('host')) reader.refuse('host', 'is missing', `'logs.example.com'`);
  const appName = (value: unknown): value is string => isHeaderText(value, 48);
  const machine = (value: unknown): value is string => isHeaderText(value, 255);
  const [own] = /^[\x21-\x7e]{1,255}$/.exec(hostname()) ?? ['-'];
  const header = {
    facility: reader.count('facility', LOG_AUDIT, { min: 0, max: 23 }),
    appName: reader.checked('appName', appName, 'must be 1 to 48 characters of ASCII, without spaces', `'orders'`) ?? 'secure-ws', // prettier-ignore
    hostname: reader.checked('hostname', machine, 'must be 1 to 255 characters of ASCII, without spaces', `'web-1'`) ?? own, // prettier-ignore
    processId: String(process.pid),
  };
  const settings = {
    host: host ?? '',
    port: reader.count('port', TLS_PORT, { max: 65_535 }),
    serverName: reader.string('serverName') ?? host ?? '',
    tls: readTls(reader),
    header,
  };
  reader.oneOf('floods', ['summarised', 'written'], 'summarised');
  return reader.finish(settings);
}

/** What a text in PEM begins with. The name of a file does not, and OpenSSL would take it for an empty list of authorities. */
const PEM = {
  ca: /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/,
  cert: /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/,
  key: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/,
} as const;

function readTls(reader: OptionReader): SyslogSettings['tls'] {
  const isBytes = (value: unknown): value is string | Uint8Array =>
    typeof value === 'string' || value instanceof Uint8Array;
  const read = (name: keyof typeof PEM): Buffer | undefined => {
    const isPem = (value: unknown): value is string | Uint8Array =>
      isBytes(value) && PEM[name].test(Buffer.from(value).toString('latin1'));
    const requirement = 'must be the content of a file in PEM';
    const pem = reader.checked(name, isPem, requirement, `readFileSync('${name}.pem')`, 'another text');
    return pem === undefined ? undefined : Buffer.from(pem);
  };
  const [ca, cert, key] = [read('ca'), read('cert'), read('key')];
  if (reader.has('cert') !== reader.has('key')) {
    const name = reader.has('cert') ? 'key' : 'cert';
    reader.refuse(name, 'is missing: cert and key belong together', `readFileSync('${name}.pem')`);
  }
  // The texts of the errors may quote the key.
  // Node says nothing of authorities that it cannot read, and trusts none.
  if (ca !== undefined && !works(() => new X509Certificate(ca))) {
    reader.refuse('ca', 'is no certificate that can be read', "readFileSync('ca.pem')");
  }
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  if (!works(() => createSecureContext(own))) {
    reader.refuse(
      'key',
      'cannot be used: it is of another certificate, or has a passphrase',
      "readFileSync('key.pem')",
    );
  }
  return { ...(ca !== undefined && { ca }), ...own };
}

function works(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
