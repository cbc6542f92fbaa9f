import type { SecureWsStore } from '../store/secure-ws.store.js';
import type { Type } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { ClassOrInstance } from '../core/option-reader.js';
import type { ResolvedAuthenticationOptions } from './authentication.options.js';
import { ApiKeyAuthenticator } from './api-key/api-key.authenticator.js';
import { AuthenticatorBlock } from './authenticator-block.js';
import { WsAuthenticator } from './authenticator.js';
import { ClientCertificateAuthenticator } from './client-certificate/client-certificate.authenticator.js';
import type { RevokedCertificates } from './client-certificate/revoked-certificates.js';
import { SessionAuthenticator } from './session/session.authenticator.js';
import { loadJose } from './load-jose.js';
import { TicketAuthenticator } from './ticket/ticket.authenticator.js';
import type { TicketVault } from './ticket/ticket-vault.js';
import { JwtAuthenticator } from './jwt/jwt.authenticator.js';
import { ClaimsAcceptance } from './jwt/claims-acceptance.js';
import { jwtIssuer } from './jwt/jwt-issuers.js';
import { OAuthAuthenticator } from './oauth/oauth.authenticator.js';
import { oauthIssuer } from './oauth/oauth-issuers.js';
import { DpopProofs } from './sender-constraint/dpop-proofs.js';
import { SenderConstraints } from './sender-constraint/sender-constraints.js';

/** What authenticators are made with. */
export interface AuthenticatorParts {
  readonly clock: Clock;
  readonly store: SecureWsStore;
  readonly revokedCertificates: RevokedCertificates;
  /** Where tickets are kept until they are used. */
  readonly vault: TicketVault;
  /** Finds the instance of a class of the application. */
  readonly instanceOf: <T>(type: Type<T>) => Promise<T>;
  /** Asked before all others, in tests. */
  readonly ofTest: readonly WsAuthenticator[];
}

/**
 * Makes the authenticators in the order in which they are asked: those of a test, those of the application, then the
 * built-in ones.
 *
 * @throws {SecureWsBootError} when an option needs a package that is not installed.
 */
export async function createAuthenticators(
  options: ResolvedAuthenticationOptions,
  { clock, store, vault, instanceOf, ofTest, revokedCertificates: revoked }: AuthenticatorParts,
): Promise<readonly AuthenticatorBlock[]> {
  const { authenticators, apiKeys, session, clientCertificate, tickets, blocks } = options;
  const block = (authenticator: WsAuthenticator, name: string): AuthenticatorBlock =>
    new AuthenticatorBlock(authenticator, name, clock);
  const resolve = async <T extends object>(source: ClassOrInstance<T>): Promise<T> =>
    typeof source === 'function' ? instanceOf(source) : source;
  const all = ofTest.map((authenticator) => block(authenticator, authenticator.kind));
  for (const [index, source] of authenticators.entries()) {
    const own = await resolve(source);
    all.push(block(own, blocks.authenticators[index] ?? `authenticators[${index}]`));
  }
  if (apiKeys !== undefined) {
    const keys = await resolve(apiKeys.store);
    // Before the tokens: those take every bearer.
    all.push(block(new ApiKeyAuthenticator(keys, apiKeys.prefix), blocks.apiKeys));
  }
  all.push(...(await tokenBlocks(options, clock, store)));
  if (tickets !== undefined) {
    all.push(new AuthenticatorBlock(new TicketAuthenticator(vault, blocks.tickets), blocks.tickets, clock, true));
  }
  if (session !== undefined) {
    all.push(block(new SessionAuthenticator(session, await resolve(session.verifier)), blocks.session));
  }
  if (clientCertificate !== undefined) {
    const { mapper: source } = clientCertificate;
    const mapper = source === undefined ? undefined : await resolve(source);
    const authenticator = new ClientCertificateAuthenticator(clientCertificate, { mapper, revoked, clock });
    all.push(block(authenticator, blocks.clientCertificate));
  }
  return all;
}

/** Those of access tokens. They share one check of claims and of senders. */
async function tokenBlocks(
  { jwt, oauth, dpop, blocks }: ResolvedAuthenticationOptions,
  clock: Clock,
  store: SecureWsStore,
): Promise<AuthenticatorBlock[]> {
  const needsJose = dpop !== undefined || oauth.length > 0 || jwt.some(({ keySet }) => keySet !== undefined);
  const jose = needsJose ? await loadJose('authentication') : undefined;
  const proofs = dpop === undefined || jose === undefined ? undefined : new DpopProofs(dpop, { jose, store, clock });
  const acceptance = new ClaimsAcceptance(clock, new SenderConstraints(proofs));
  const all: AuthenticatorBlock[] = [];
  if (jose !== undefined && oauth.length > 0) {
    const servers = oauth.map((one) => oauthIssuer(one, clock, jose));
    const tokens = new JwtAuthenticator(
      servers.map((server) => server.tokens),
      acceptance,
    );
    const opaque = servers.map((server) => server.opaque).find((one) => one !== undefined);
    const logouts = servers.map((server) => server.logout).filter((one) => one !== undefined);
    const authenticator = new OAuthAuthenticator(tokens, opaque, acceptance, jwt.length === 0, logouts);
    all.push(new AuthenticatorBlock(authenticator, blocks.oauth, clock));
  }
  if (jwt.length > 0) {
    const issuers = jwt.map((one) => jwtIssuer(one, clock, jose));
    all.push(new AuthenticatorBlock(new JwtAuthenticator(issuers, acceptance), blocks.jwt, clock));
  }
  return all;
}

/** The classes of the application that the options name, each with its option. */
export function classesOf({
  authenticators,
  apiKeys,
  session,
  clientCertificate,
}: ResolvedAuthenticationOptions): readonly (readonly [string, Type])[] {
  const all: readonly (readonly [string, unknown])[] = [
    ...authenticators.map((source) => ['authenticators', source] as const),
    ['apiKeys.store', apiKeys?.store],
    ['session.verifier', session?.verifier],
    ['clientCertificate.mapper', clientCertificate?.mapper],
  ];
  return all.filter((entry): entry is readonly [string, Type] => typeof entry[1] === 'function');
}
