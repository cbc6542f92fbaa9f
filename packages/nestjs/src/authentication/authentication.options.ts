import { type ClassOrInstance, isClassOrInstance, OptionReader } from '../core/option-reader.js';
import { type ApiKeyOptions, type ResolvedApiKeyOptions, resolveApiKeyOptions } from './api-key/api-key.options.js';
import { WsAuthenticator } from './authenticator.js';
import {
  type ClientCertificateOptions,
  type ResolvedClientCertificateOptions,
  resolveClientCertificateOptions,
} from './client-certificate/client-certificate.options.js';
import { type OAuthOptions, type ResolvedOAuthOptions, resolveOAuthOptions } from './oauth/oauth.options.js';
import { type DpopOptions, type ResolvedDpopOptions, resolveDpopOptions } from './sender-constraint/dpop.options.js';
import { type ResolvedSessionOptions, resolveSessionOptions, type SessionOptions } from './session/session.options.js';
import { type ResolvedTicketOptions, resolveTicketOptions, type TicketOptions } from './ticket/ticket.options.js';
import { type JwtOptions, type ResolvedJwtOptions, resolveJwtOptions } from './jwt/jwt.options.js';

/** `authentication`: how clients prove who they are. At least one way is required; the boot fails without any. */
export interface AuthenticationOptions {
  /** JSON Web Tokens as bearer tokens; a list when several issuers are trusted, each with its own keys. */
  readonly jwt?: JwtOptions | readonly JwtOptions[];
  /** Access tokens of an OAuth 2.0 authorization server, which is found by its issuer; a list when several are trusted. */
  readonly oauth?: OAuthOptions | readonly OAuthOptions[];
  /** Proofs that who sends a token holds its key, for tokens of `jwt` and `oauth`. */
  readonly dpop?: DpopOptions;
  /** The keys of programs. */
  readonly apiKeys?: ApiKeyOptions;
  /** The session cookie of the application's pages. */
  readonly session?: SessionOptions;
  /** The TLS certificates of clients (mTLS). */
  readonly clientCertificate?: ClientCertificateOptions;
  /** Tickets that an HTTP route of the application hands out, each for one connection; `{}` is enough. */
  readonly tickets?: TicketOptions;
  /** Authenticators of the application. A credential goes to the first that accepts it, these before the built-in ones. */
  readonly authenticators?: readonly ClassOrInstance<WsAuthenticator>[];
}

/** {@link AuthenticationOptions}, checked, filled in and frozen. */
export interface ResolvedAuthenticationOptions {
  /** One entry for each issuer. */
  readonly jwt: readonly ResolvedJwtOptions[];
  /** One entry for each authorization server. */
  readonly oauth: readonly ResolvedOAuthOptions[];
  readonly dpop: ResolvedDpopOptions | undefined;
  readonly session: ResolvedSessionOptions | undefined;
  readonly clientCertificate: ResolvedClientCertificateOptions | undefined;
  readonly apiKeys: ResolvedApiKeyOptions | undefined;
  readonly tickets: ResolvedTicketOptions | undefined;
  readonly authenticators: readonly ClassOrInstance<WsAuthenticator>[];
  /** The name of each block: a part of the key of its principals. */
  readonly blocks: AuthenticationBlocks;
}

/** Paths in the options, such as `authentication.jwt`. */
export interface AuthenticationBlocks {
  readonly jwt: string;
  readonly oauth: string;
  readonly session: string;
  readonly clientCertificate: string;
  readonly apiKeys: string;
  readonly tickets: string;
  readonly authenticators: readonly string[];
}

const EXAMPLE =
  "{ jwt: { secret: process.env.JWT_SECRET, algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'chat' } }";

/**
 * Checks `authentication` and fills its defaults. Problems go to the reader; nothing is thrown.
 *
 * @param module the options of the module, for those of a gateway.
 */
export function resolveAuthenticationOptions(
  reader: OptionReader,
  module?: ResolvedAuthenticationOptions,
): ResolvedAuthenticationOptions {
  const jwt = readIssuers(reader);
  const oauth = readServers(reader, jwt);
  const dpop = readDpop(reader);
  const authenticators = readAuthenticators(reader);
  const apiKeys = reader.has('apiKeys') ? resolveApiKeyOptions(reader.object('apiKeys')) : undefined;
  const session = reader.has('session') ? resolveSessionOptions(reader.object('session')) : undefined;
  const clientCertificate = reader.has('clientCertificate')
    ? resolveClientCertificateOptions(reader.object('clientCertificate'), session?.csrfKeys)
    : undefined;
  const tickets = reader.has('tickets') ? resolveTicketOptions(reader.object('tickets'), module) : undefined;
  const isAnswered = ['apiKeys', 'session', 'clientCertificate', 'tickets'].some((name) => reader.has(name));
  reader.finish();
  if (jwt.length === 0 && oauth.length === 0 && authenticators.length === 0 && !isAnswered) {
    reader.problems.add(
      reader.path,
      'has no authenticator: nobody could prove who they are.',
      `${reader.path}: ${EXAMPLE}`,
    );
  }
  const own = {
    jwt: Object.freeze(jwt),
    oauth: Object.freeze(oauth),
    dpop,
    apiKeys,
    session,
    clientCertificate,
    tickets,
    authenticators: Object.freeze(authenticators),
  };
  return Object.freeze({ ...own, blocks: nameBlocks(reader, own, module) });
}

/**
 * Names the blocks. One that a gateway repeats from the module has the same people behind it and keeps its name: they would
 * otherwise have each cap twice. Any other one has a name of its own, whatever its issuer is called.
 */
function nameBlocks(
  reader: OptionReader,
  { jwt, oauth, apiKeys, session, clientCertificate, authenticators }: Omit<ResolvedAuthenticationOptions, 'blocks'>,
  module: ResolvedAuthenticationOptions | undefined,
): AuthenticationBlocks {
  const isSameJwt = module?.jwt.length === jwt.length && jwt.every((one, at) => isSameIssuer(one, module.jwt[at]));
  const isSameOAuth =
    module?.oauth.length === oauth.length && oauth.every((one, at) => isSameServer(one, module.oauth[at]));
  const isSameApiKeys = apiKeys?.store === module?.apiKeys?.store && apiKeys?.prefix === module?.apiKeys?.prefix;
  const isSameSession = session?.cookie === module?.session?.cookie && session?.verifier === module?.session?.verifier;
  const ofModule = module?.clientCertificate;
  const isSameCertificate =
    clientCertificate?.mapper === ofModule?.mapper &&
    [...(clientCertificate?.fingerprints ?? [])].every(([name, who]) => ofModule?.fingerprints.get(name) === who);
  return Object.freeze({
    jwt: (isSameJwt ? module?.blocks.jwt : undefined) ?? reader.pathOf('jwt'),
    oauth: (isSameOAuth ? module?.blocks.oauth : undefined) ?? reader.pathOf('oauth'),
    session: (isSameSession ? module?.blocks.session : undefined) ?? reader.pathOf('session'),
    clientCertificate:
      (isSameCertificate ? module?.blocks.clientCertificate : undefined) ?? reader.pathOf('clientCertificate'),
    apiKeys: (isSameApiKeys ? module?.blocks.apiKeys : undefined) ?? reader.pathOf('apiKeys'),
    // Never that of the module: a ticket opens the gateway that it was made for.
    tickets: reader.pathOf('tickets'),
    authenticators: authenticators.map((source, index) => {
      const known = module?.authenticators.indexOf(source) ?? -1;
      return module?.blocks.authenticators[known] ?? `${reader.pathOf('authenticators')}[${index}]`;
    }),
  });
}

function isSameServer(one: ResolvedOAuthOptions, other: ResolvedOAuthOptions | undefined): boolean {
  return (
    one.issuer === other?.issuer &&
    one.principal === other.principal &&
    one.audience.join('\n') === other.audience.join('\n')
  );
}

function isSameIssuer(one: ResolvedJwtOptions, other: ResolvedJwtOptions | undefined): boolean {
  return (
    one.issuer === other?.issuer &&
    one.principal === other.principal &&
    one.audience.join('\n') === other.audience.join('\n') &&
    isSameKeySet(one, other) &&
    one.keys.length === other.keys.length &&
    one.keys.every(({ key }) => other.keys.some((known) => known.key.equals(key)))
  );
}

function isSameKeySet({ keySet: one }: ResolvedJwtOptions, { keySet: other }: ResolvedJwtOptions): boolean {
  if (one?.from instanceof URL) return other?.from instanceof URL && one.from.href === other.from.href;
  return JSON.stringify(one?.from) === JSON.stringify(other?.from);
}

function readIssuers(reader: OptionReader): readonly ResolvedJwtOptions[] {
  const value = reader.raw('jwt');
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [resolveJwtOptions(reader.object('jwt'))];
  const issuers: ResolvedJwtOptions[] = [];
  for (const [index, item] of value.entries()) {
    const level = new OptionReader(item, `${reader.pathOf('jwt')}[${index}]`, reader.problems);
    const issuer = resolveJwtOptions(level);
    if (isApart(level, issuer, issuers)) issuers.push(issuer);
  }
  return issuers;
}

/** Whether an issuer can be told from the others by its name and by its keys (RFC 8725 section 3.8). */
function isApart(reader: OptionReader, issuer: ResolvedJwtOptions, others: readonly ResolvedJwtOptions[]): boolean {
  if (issuer.issuer !== '' && others.some((other) => other.issuer === issuer.issuer)) {
    reader.fail('issuer', 'occurs twice; give one issuer all its keys.', `keys: [{ kid, secret, algorithm }, ...]`);
    return false;
  }
  const otherKeys = others.flatMap(({ keys }) => keys);
  if (issuer.keys.some(({ key }) => otherKeys.some((other) => other.key.equals(key)))) {
    reader.problems.add(
      reader.path,
      'shares a key with another issuer, so that each could sign tokens in the name of the other.',
      'give each issuer keys of its own',
    );
    return false;
  }
  return true;
}

function readServers(reader: OptionReader, jwt: readonly ResolvedJwtOptions[]): readonly ResolvedOAuthOptions[] {
  const value = reader.raw('oauth');
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [resolveServer(reader.object('oauth'), jwt, [])];
  const servers: ResolvedOAuthOptions[] = [];
  for (const [index, item] of value.entries()) {
    const level = new OptionReader(item, `${reader.pathOf('oauth')}[${index}]`, reader.problems);
    servers.push(resolveServer(level, jwt, servers));
  }
  return servers;
}

function resolveServer(
  reader: OptionReader,
  jwt: readonly ResolvedJwtOptions[],
  others: readonly ResolvedOAuthOptions[],
): ResolvedOAuthOptions {
  const server = resolveOAuthOptions(reader);
  const { issuer, introspection } = server;
  if (issuer !== '' && [...jwt, ...others].some((other) => other.issuer === issuer)) {
    reader.fail(
      'issuer',
      'occurs twice: which block decides would depend on their order.',
      'name each issuer in one block',
    );
  }
  // An opaque token does not say whose it is, and must not be shown to somebody else's server.
  if (introspection !== undefined && others.some((other) => other.introspection !== undefined)) {
    reader.fail(
      'introspection',
      'occurs twice: an opaque token does not say which server made it.',
      'remove one of them',
    );
  }
  return server;
}

function readDpop(reader: OptionReader): ResolvedDpopOptions | undefined {
  if (!reader.has('dpop')) return undefined;
  if (!reader.has('jwt') && !reader.has('oauth')) {
    reader.fail(
      'dpop',
      'has no effect without jwt or oauth, whose tokens it is for.',
      `remove ${reader.pathOf('dpop')}`,
    );
  }
  return resolveDpopOptions(reader.object('dpop'));
}

function readAuthenticators(reader: OptionReader): readonly ClassOrInstance<WsAuthenticator>[] {
  const value = reader.raw('authenticators');
  if (value === undefined) return [];
  const fix = `${reader.pathOf('authenticators')}: [MyAuthenticator]`;
  if (!Array.isArray(value)) {
    reader.fail('authenticators', 'must be a list of classes or instances that extend WsAuthenticator.', fix);
    return [];
  }
  const list: readonly unknown[] = value;
  return list.filter((item, index): item is ClassOrInstance<WsAuthenticator> => {
    if (isClassOrInstance(item, WsAuthenticator)) return true;
    reader.fail(`authenticators[${index}]`, 'must be a class or an instance that extends WsAuthenticator.', fix);
    return false;
  });
}
