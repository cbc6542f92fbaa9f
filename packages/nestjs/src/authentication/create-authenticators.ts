import type { Type } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { ResolvedAuthenticationOptions } from './authentication.options.js';
import { ApiKeyAuthenticator } from './api-key/api-key.authenticator.js';
import { WsApiKeyStore } from './api-key/ws-api-key-store.js';
import { AuthenticatorBlock } from './authenticator-block.js';
import { WsAuthenticator } from './authenticator.js';
import { SessionAuthenticator } from './session/session.authenticator.js';
import { WsSessionVerifier } from './session/ws-session-verifier.js';
import { TicketAuthenticator } from './ticket/ticket.authenticator.js';
import type { TicketVault } from './ticket/ticket-vault.js';
import { JwtAuthenticator } from './jwt/jwt.authenticator.js';

/** What authenticators are made with. */
export interface AuthenticatorParts {
  readonly clock: Clock;
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
 */
export async function createAuthenticators(
  { authenticators, apiKeys, jwt, session, tickets, blocks }: ResolvedAuthenticationOptions,
  { clock, vault, instanceOf, ofTest }: AuthenticatorParts,
): Promise<readonly AuthenticatorBlock[]> {
  const block = (authenticator: WsAuthenticator, name: string): AuthenticatorBlock =>
    new AuthenticatorBlock(authenticator, name, clock);
  const all = ofTest.map((authenticator) => block(authenticator, authenticator.kind));
  for (const [index, source] of authenticators.entries()) {
    const own = source instanceof WsAuthenticator ? source : await instanceOf(source);
    all.push(block(own, blocks.authenticators[index] ?? `authenticators[${index}]`));
  }
  if (apiKeys !== undefined) {
    const store = apiKeys.find instanceof WsApiKeyStore ? apiKeys.find : await instanceOf(apiKeys.find);
    // Before the tokens: those take every bearer.
    all.push(block(new ApiKeyAuthenticator(store, apiKeys.prefix), blocks.apiKeys));
  }
  if (jwt.length > 0) all.push(block(new JwtAuthenticator(jwt, clock), blocks.jwt));
  if (tickets !== undefined) {
    all.push(new AuthenticatorBlock(new TicketAuthenticator(vault, blocks.tickets), blocks.tickets, clock, true));
  }
  if (session === undefined) return all;
  const verifier =
    session.verifier instanceof WsSessionVerifier ? session.verifier : await instanceOf(session.verifier);
  return [...all, block(new SessionAuthenticator(session, verifier), blocks.session)];
}

/** The classes of the application that the options name, each with its option. */
export function classesOf({
  authenticators,
  apiKeys,
  session,
}: ResolvedAuthenticationOptions): readonly (readonly [string, Type])[] {
  const named: readonly (readonly [string, unknown])[] = [
    ...authenticators.map((source) => ['authenticators', source] as const),
    ['apiKeys.find', apiKeys?.find],
    ['session.verifier', session?.verifier],
  ];
  return named.filter((entry): entry is readonly [string, Type] => typeof entry[1] === 'function');
}
