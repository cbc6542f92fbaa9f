import type { OptionReader } from '../../core/option-reader.js';
import { readRemoteUrl } from '../../core/remote-url.js';
import { type JwtAlgorithm, readPublicKeyAlgorithms } from '../jwt/jwt-algorithm.js';
import { readTokenRules, type ResolvedTokenRules, type TokenRules } from '../jwt/token-rules.js';
import { type RemoteOptions, resolveRemoteOptions, type ResolvedRemoteOptions } from '../remote/remote.options.js';
import {
  type BackChannelLogoutOptions,
  resolveBackChannelLogoutOptions,
  type ResolvedBackChannelLogoutOptions,
} from '../back-channel-logout/back-channel-logout.options.js';
import {
  type IntrospectionOptions,
  resolveIntrospectionOptions,
  type ResolvedIntrospectionOptions,
} from './introspection.options.js';

/**
 * `authentication.oauth`: the access tokens of one authorization server, which is found by its name (RFC 8414, OpenID
 * Connect Discovery). Needs the package `jose`.
 */
export interface OAuthOptions extends TokenRules {
  /**
   * The issuer: an `https` URL, exactly as its metadata and its tokens spell it; `http` is for this machine, in
   * development.
   */
  readonly issuer: string;
  /** The algorithms of its keys. A key that names none is for the only one that fits. @default ['RS256', 'ES256', 'EdDSA'] */
  readonly algorithms?: readonly JwtAlgorithm[];
  /**
   * The values of the header field `typ` that are accepted (RFC 9068 section 2.1). An authorization server that does not
   * write `at+jwt` yet needs `['JWT']`, and then nothing but the audience tells its ID tokens apart.
   *
   * @default ['at+jwt']
   */
  readonly typ?: readonly string[];
  /** Hosts beside the issuer's own that its metadata may name, as `host` or `host:port`. @default [] */
  readonly hosts?: readonly string[];
  /** Asks the authorization server about tokens that are no JSON Web Tokens. Without it they are refused. */
  readonly introspection?: IntrospectionOptions;
  /** Takes its log-out tokens, with `createBackChannelLogoutController()` or a route of your own. */
  readonly backChannelLogout?: BackChannelLogoutOptions;
  /** How its documents are fetched and kept. */
  readonly remote?: RemoteOptions;
}

/** {@link OAuthOptions}, checked, filled in and frozen. */
export interface ResolvedOAuthOptions extends ResolvedTokenRules {
  readonly algorithms: readonly JwtAlgorithm[];
  /** As `URL.host` writes them, the issuer's own among them. */
  readonly hosts: ReadonlySet<string>;
  readonly introspection: ResolvedIntrospectionOptions | undefined;
  readonly logout: ResolvedBackChannelLogoutOptions | undefined;
  readonly remote: ResolvedRemoteOptions;
  readonly isProduction: boolean;
}

const DEFAULT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

/** Checks the options of one authorization server and fills its defaults. Problems go to the reader; nothing is thrown. */
export function resolveOAuthOptions(
  reader: OptionReader,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedOAuthOptions {
  const isProduction = environment['NODE_ENV'] === 'production';
  const rules = readTokenRules(reader, ['at+jwt']);
  const resolved: ResolvedOAuthOptions = Object.freeze({
    ...rules,
    algorithms: readPublicKeyAlgorithms(reader, DEFAULT_ALGORITHMS, 'those of public keys.'),
    hosts: readHosts(reader, rules.issuer, isProduction),
    introspection: reader.has('introspection')
      ? resolveIntrospectionOptions(reader.object('introspection'))
      : undefined,
    logout: reader.has('backChannelLogout')
      ? resolveBackChannelLogoutOptions(reader.object('backChannelLogout'))
      : undefined,
    remote: resolveRemoteOptions(reader.object('remote')),
    isProduction,
  });
  reader.finish();
  return resolved;
}

function readHosts(reader: OptionReader, issuer: string, isProduction: boolean): ReadonlySet<string> {
  const hosts = new Set<string>();
  const url = readRemoteUrl(issuer, { isProduction });
  if (url instanceof URL && url.search === '') hosts.add(url.host);
  else if (issuer !== '') {
    const problem = url instanceof URL ? 'must have no query.' : url;
    reader.fail('issuer', problem, `${reader.pathOf('issuer')}: 'https://id.example.com'`);
  }
  for (const [index, host] of (reader.strings('hosts') ?? []).entries()) {
    const [text] = [`https://${host}`];
    if (URL.canParse(text) && new URL(text).host === host.toLowerCase()) hosts.add(host.toLowerCase());
    else
      reader.fail(`hosts[${index}]`, 'must be host or host:port.', `${reader.pathOf('hosts')}: ['keys.example.com']`);
  }
  return hosts;
}
