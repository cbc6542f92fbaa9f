import { hostname } from 'node:os';
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
  const host = reader.string('host');
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

function readTls(reader: OptionReader): SyslogSettings['tls'] {
  const isPem = (value: unknown): value is string | Uint8Array =>
    value instanceof Uint8Array || (typeof value === 'string' && value !== '');
  const read = (name: string): Buffer | undefined => {
    const pem = reader.checked(name, isPem, 'must be PEM', `readFileSync('${name}.pem')`);
    return pem === undefined ? undefined : Buffer.from(pem);
  };
  const [ca, cert, key] = [read('ca'), read('cert'), read('key')];
  if ((cert === undefined) !== (key === undefined)) {
    reader.refuse(cert === undefined ? 'cert' : 'key', 'is missing: cert and key belong together', '...');
  }
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  try {
    createSecureContext(tls);
  } catch {
    // The text of the error may quote the key.
    reader.refuse(
      'ca',
      'cannot be used with cert and key: they are not PEM, or the key is of another certificate',
      '...',
    );
  }
  return tls;
}
