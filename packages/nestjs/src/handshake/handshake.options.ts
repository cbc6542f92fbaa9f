import { type ChallengeOptions, readChallenge, type ResolvedChallengeOptions } from './challenge/challenge.options.js';
import type { OptionReader } from '../core/option-reader.js';
import { type Authority, parseAuthority } from './authority.js';
import type { HostRules } from './host-policy.js';
import {
  type HandshakeLimitsOptions,
  type ResolvedHandshakeLimitsOptions,
  resolveHandshakeLimitsOptions,
} from './limits/limits.options.js';
import type { ProxyRules } from './client-address.js';
import { readForeignPaths } from './foreign-paths.js';
import { formatOrigin, parseOrigin } from './origin.js';
import type { OriginRules } from './origin-policy.js';
import { type OriginRule, readOriginRules } from './origin-rules.js';
import type { TransportRules } from './transport-policy.js';
import { readTrustedProxies, type TrustedProxies } from './trusted-proxies.js';

/** `handshake`: who may open a connection, and how. */
export interface HandshakeOptions {
  /**
   * The origins of the web pages that may connect; `[]` when no browser may. Required: the boot fails without it
   * (CWE-1385, OWASP ASVS 5.0 4.4.2). Clients without an `Origin` need a credential of their own and no cookie.
   */
  readonly origins?: readonly OriginRule[];
  /** Lets every web page connect as its visitor. One warning at boot. @default false */
  readonly dangerouslyAllowAnyOrigin?: boolean;
  /** Lets the opaque origin `null` connect: sandboxed frames, `file:` pages. One warning at boot. @default false */
  readonly dangerouslyAllowNullOrigin?: boolean;
  /**
   * Lets clients connect without TLS. One warning at boot. For development on one machine it is not needed: plaintext
   * passes there when both ends, `Host` and `Origin` are loopback and `NODE_ENV` is not `production`.
   *
   * @default false
   */
  readonly dangerouslyAllowPlaintext?: boolean;
  /**
   * The hosts that this server answers for, as `host` (any port) or `host:port`. Set it where a proxy rewrites `Host`, or
   * where the server has several names.
   *
   * @default the host of `publicUrl`, or every host without one; on a connection to a loopback address that no
   * listed proxy has forwarded, only that host and the loopback names (DNS rebinding)
   */
  readonly hosts?: readonly string[];
  /**
   * The address that clients should use, `wss://chat.example.com`. A handshake in plaintext that carries no credential is
   * redirected there.
   */
  readonly publicUrl?: string;
  /**
   * The proxies whose forwarding fields are believed. `'none'`: the socket alone says who the client is and whether it
   * speaks TLS. Undecided, the boot fails where `NODE_ENV` is `production` (OWASP ASVS 5.0 4.1.3).
   *
   * @default 'none' outside production
   */
  readonly trustedProxies?: 'none' | TrustedProxies;
  /**
   * Paths whose upgrades belong to another listener of the same server, such as `/graphql`: they are left alone, neither
   * checked nor answered. Exact, without a query. Another listener without such a path fails the boot.
   *
   * @default []
   */
  readonly foreignPaths?: readonly string[];
  /** How many handshakes and connections there may be, in all, by address and by principal. */
  readonly limits?: HandshakeLimitsOptions;
  /** What a client must solve before its credential is looked at. @default nothing */
  readonly challenge?: ChallengeOptions;
  /** How long a handshake may take from its complete request head, in milliseconds; then `503`. @default 5000 */
  readonly timeoutMs?: number;
  /**
   * The most header fields of a request; then `431`. At most 500, well below the limit where Node drops fields in silence.
   *
   * @default 100
   */
  readonly maxHeaderCount?: number;
}

/** {@link HandshakeOptions}, checked, filled in and frozen. */
export interface ResolvedHandshakeOptions {
  readonly origins: OriginRules;
  readonly hosts: HostRules;
  readonly transport: TransportRules;
  /** `undefined`: no proxy is believed. */
  readonly proxies: ProxyRules | undefined;
  /** Whether nobody has said if there is one. */
  readonly areProxiesUndecided?: boolean;
  readonly foreignPaths: ReadonlySet<string>;
  readonly limits: ResolvedHandshakeLimitsOptions;
  /** `undefined`: nobody is asked for one. */
  readonly challenge: ResolvedChallengeOptions | undefined;
  readonly timeoutMs: number;
  readonly maxHeaderCount: number;
}

/**
 * Checks `handshake` and fills its defaults. Problems go to the reader; nothing is thrown.
 *
 * @param environment where `NODE_ENV` is read, once, at boot.
 */
export function resolveHandshakeOptions(
  reader: OptionReader,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedHandshakeOptions {
  const origins = readOriginRules(reader);
  const publicUrl = readPublicUrl(reader);
  const hosts = readHosts(reader);
  const allowPlaintext = reader.boolean('dangerouslyAllowPlaintext', false);
  if (allowPlaintext) {
    reader.warn('dangerouslyAllowPlaintext', 'is on: credentials and messages can be read and changed on their way.');
  }
  const isProduction = environment['NODE_ENV'] === 'production';
  return reader.finish({
    origins,
    hosts: Object.freeze({ hosts, publicHost: publicUrl?.hostname }),
    transport: Object.freeze({ allowPlaintext, isProduction, publicOrigin: publicUrl?.httpsOrigin }),
    proxies: readTrustedProxies(reader, isProduction),
    foreignPaths: readForeignPaths(reader),
    limits: resolveHandshakeLimitsOptions(reader.object('limits')),
    challenge: readChallenge(reader),
    timeoutMs: reader.ms('timeoutMs', 5_000),
    maxHeaderCount: reader.count('maxHeaderCount', 100, { max: 500 }),
  });
}

interface PublicUrl {
  readonly hostname: string;
  /** The `https` form: HTTP clients that follow a redirect know no `wss`. */
  readonly httpsOrigin: string;
}

function readPublicUrl(reader: OptionReader): PublicUrl | undefined {
  const text = reader.string('publicUrl');
  if (text === undefined) return undefined;
  const origin = parseOrigin(text);
  if (origin === undefined || origin.protocol !== 'wss') {
    const problem = 'must be wss://, a host and an optional port, without a path, a query or a slash at the end.';
    return reader.refuse('publicUrl', problem, "'wss://chat.example.com'");
  }
  const httpsOrigin = formatOrigin({ ...origin, protocol: 'https', port: origin.port ?? 443 });
  return { hostname: origin.hostname, httpsOrigin };
}

function readHosts(reader: OptionReader): readonly Authority[] | undefined {
  const list = reader.strings('hosts');
  if (list === undefined) return undefined;
  const fix = `${reader.pathOf('hosts')}: ['chat.example.com']`;
  if (list.length === 0) reader.fail('hosts', 'is empty: nobody could connect.', fix);
  const hosts: Authority[] = [];
  for (const [index, text] of list.entries()) {
    const host = parseAuthority(text);
    if (host !== undefined) hosts.push(Object.freeze(host));
    else reader.fail(`hosts[${index}]`, 'must be host or host:port, without a protocol, a path or a wildcard.', fix);
  }
  return Object.freeze(hosts);
}
