import { ContextIdFactory, type ModuleRef } from '@nestjs/core';
import type { Clock } from '../core/clock.js';
import type { ResolvedAuthenticationOptions } from './authentication.options.js';
import { AuthenticatorBlock } from './authenticator-block.js';
import { WsAuthenticator } from './authenticator.js';
import { SessionAuthenticator } from './session/session.authenticator.js';
import { WsSessionVerifier } from './session/ws-session-verifier.js';
import { JwtAuthenticator } from './jwt/jwt.authenticator.js';

/**
 * Makes the authenticators in the order in which they are asked: those of a test, those of the application, then the
 * built-in ones.
 *
 * @param moduleRef makes the application's classes: with the providers of the modules that `forRootAsync({ imports })`
 * names, and those that are global.
 */
export async function createAuthenticators(
  { authenticators, jwt, session, blocks }: ResolvedAuthenticationOptions,
  clock: Clock,
  moduleRef: ModuleRef,
  ofTest: readonly WsAuthenticator[] = [],
): Promise<readonly AuthenticatorBlock[]> {
  const block = (authenticator: WsAuthenticator, name: string): AuthenticatorBlock =>
    new AuthenticatorBlock(authenticator, name, clock);
  const all = ofTest.map((authenticator) => block(authenticator, authenticator.kind));
  for (const [index, source] of authenticators.entries()) {
    // Never without a context id: a request-scoped class would otherwise never be made on some versions of Nest.
    const own = source instanceof WsAuthenticator ? source : await moduleRef.create(source, ContextIdFactory.create());
    all.push(block(own, blocks.authenticators[index] ?? `authenticators[${index}]`));
  }
  if (jwt.length > 0) all.push(block(new JwtAuthenticator(jwt, clock), blocks.jwt));
  if (session === undefined) return all;
  const verifier =
    session.verifier instanceof WsSessionVerifier
      ? session.verifier
      : await moduleRef.create(session.verifier, ContextIdFactory.create());
  return [...all, block(new SessionAuthenticator(session, verifier), blocks.session)];
}
