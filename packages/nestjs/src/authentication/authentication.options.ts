import type { Type } from '@nestjs/common';
import { OptionReader } from '../core/option-reader.js';
import { type ApiKeyOptions, type ResolvedApiKeyOptions, resolveApiKeyOptions } from './api-key/api-key.options.js';
import { WsAuthenticator } from './authenticator.js';
import { type ResolvedSessionOptions, resolveSessionOptions, type SessionOptions } from './session/session.options.js';
import { type ResolvedTicketOptions, resolveTicketOptions, type TicketOptions } from './ticket/ticket.options.js';
import { type JwtOptions, type ResolvedJwtOptions, resolveJwtOptions } from './jwt/jwt.options.js';

/** An authenticator of the application: a class that Nest instantiates, or an instance. */
export type AuthenticatorSource = Type<WsAuthenticator> | WsAuthenticator;

/** `authentication`: how clients prove who they are. At least one way is required; the boot fails without any. */
export interface AuthenticationOptions {
  /** JSON Web Tokens as bearer tokens; a list when several issuers are trusted, each with its own keys. */
  readonly jwt?: JwtOptions | readonly JwtOptions[];
  /** The keys of programs. */
  readonly apiKeys?: ApiKeyOptions;
  /** The session cookie of the application's pages. */
  readonly session?: SessionOptions;
  /** Tickets that an HTTP route of the application hands out, each for one connection; `{}` is enough. */
  readonly tickets?: TicketOptions;
  /** Authenticators of the application. A credential goes to the first that accepts it, these before the built-in ones. */
  readonly authenticators?: readonly AuthenticatorSource[];
}

/** {@link AuthenticationOptions}, checked, filled in and frozen. */
export interface ResolvedAuthenticationOptions {
  /** One entry for each issuer. */
  readonly jwt: readonly ResolvedJwtOptions[];
  readonly apiKeys: ResolvedApiKeyOptions | undefined;
  readonly session: ResolvedSessionOptions | undefined;
  readonly tickets: ResolvedTicketOptions | undefined;
  readonly authenticators: readonly AuthenticatorSource[];
  /** The name of each block: a part of the key of its principals. */
  readonly blocks: AuthenticationBlocks;
}

/** Paths in the options, such as `authentication.jwt`. */
export interface AuthenticationBlocks {
  readonly jwt: string;
  readonly apiKeys: string;
  readonly session: string;
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
  const authenticators = readAuthenticators(reader);
  const apiKeys = reader.has('apiKeys') ? resolveApiKeyOptions(reader.object('apiKeys')) : undefined;
  const session = reader.has('session') ? resolveSessionOptions(reader.object('session')) : undefined;
  const tickets = reader.has('tickets') ? resolveTicketOptions(reader.object('tickets'), module) : undefined;
  const isAnswered = ['apiKeys', 'session', 'tickets'].some((name) => reader.has(name));
  reader.finish();
  if (jwt.length === 0 && authenticators.length === 0 && !isAnswered) {
    reader.problems.add(
      reader.path,
      'has no authenticator: nobody could prove who they are.',
      `${reader.path}: ${EXAMPLE}`,
    );
  }
  const own = { jwt: Object.freeze(jwt), apiKeys, session, tickets, authenticators: Object.freeze(authenticators) };
  return Object.freeze({ ...own, blocks: nameBlocks(reader, own, module) });
}

/**
 * Names the blocks. One that a gateway repeats from the module has the same people behind it and keeps its name: they would
 * otherwise have each cap twice. Any other one has a name of its own, whatever its issuer is called.
 */
function nameBlocks(
  reader: OptionReader,
  { jwt, apiKeys, session, authenticators }: Omit<ResolvedAuthenticationOptions, 'blocks'>,
  module: ResolvedAuthenticationOptions | undefined,
): AuthenticationBlocks {
  const isSameJwt = module?.jwt.length === jwt.length && jwt.every((one, at) => isSameIssuer(one, module.jwt[at]));
  const isSameApiKeys = apiKeys?.find === module?.apiKeys?.find && apiKeys?.prefix === module?.apiKeys?.prefix;
  const isSameSession = session?.cookie === module?.session?.cookie && session?.verifier === module?.session?.verifier;
  return Object.freeze({
    jwt: (isSameJwt ? module?.blocks.jwt : undefined) ?? reader.pathOf('jwt'),
    apiKeys: (isSameApiKeys ? module?.blocks.apiKeys : undefined) ?? reader.pathOf('apiKeys'),
    session: (isSameSession ? module?.blocks.session : undefined) ?? reader.pathOf('session'),
    // Never that of the module: a ticket opens the gateway that it was made for.
    tickets: reader.pathOf('tickets'),
    authenticators: authenticators.map((source, index) => {
      const known = module?.authenticators.indexOf(source) ?? -1;
      return module?.blocks.authenticators[known] ?? `${reader.pathOf('authenticators')}[${index}]`;
    }),
  });
}

function isSameIssuer(one: ResolvedJwtOptions, other: ResolvedJwtOptions | undefined): boolean {
  return (
    one.issuer === other?.issuer &&
    one.principal === other.principal &&
    one.audience.join('\n') === other.audience.join('\n') &&
    one.keys.length === other.keys.length &&
    one.keys.every(({ key }) => other.keys.some((known) => known.key.equals(key)))
  );
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

function readAuthenticators(reader: OptionReader): readonly AuthenticatorSource[] {
  const value = reader.raw('authenticators');
  if (value === undefined) return [];
  const fix = `${reader.pathOf('authenticators')}: [MyAuthenticator]`;
  if (!Array.isArray(value)) {
    reader.fail('authenticators', 'must be a list of classes or instances that extend WsAuthenticator.', fix);
    return [];
  }
  const list: readonly unknown[] = value;
  return list.filter((item, index): item is AuthenticatorSource => {
    if (isAuthenticator(item)) return true;
    reader.fail(`authenticators[${index}]`, 'must be a class or an instance that extends WsAuthenticator.', fix);
    return false;
  });
}

function isAuthenticator(value: unknown): value is AuthenticatorSource {
  return (
    value instanceof WsAuthenticator || (typeof value === 'function' && value.prototype instanceof WsAuthenticator)
  );
}
