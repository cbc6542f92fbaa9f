import { ContextIdFactory, type ModuleRef } from '@nestjs/core';
import type { Clock } from '../core/clock.js';
import type { ResolvedAuthenticationOptions } from './authentication.options.js';
import { WsAuthenticator } from './authenticator.js';
import { SessionAuthenticator } from './session/session.authenticator.js';
import { WsSessionVerifier } from './session/ws-session-verifier.js';
import { JwtAuthenticator } from './jwt/jwt.authenticator.js';

/**
 * Makes the authenticators in the order in which they are asked: those of the application, then the built-in ones.
 *
 * @param moduleRef makes the application's classes: with the providers of the modules that `forRootAsync({ imports })`
 * names, and those that are global.
 */
export async function createAuthenticators(
  options: ResolvedAuthenticationOptions,
  clock: Clock,
  moduleRef: ModuleRef,
): Promise<readonly WsAuthenticator[]> {
  const own = await Promise.all(
    options.authenticators.map(async (source) => {
      if (source instanceof WsAuthenticator) return source;
      // Never without a context id: a request-scoped class would otherwise never be made on some versions of Nest.
      return moduleRef.create(source, ContextIdFactory.create());
    }),
  );
  const jwt = options.jwt.length === 0 ? [] : [new JwtAuthenticator(options.jwt, clock)];
  const { session } = options;
  if (session === undefined) return [...own, ...jwt];
  const verifier =
    session.verifier instanceof WsSessionVerifier
      ? session.verifier
      : await moduleRef.create(session.verifier, ContextIdFactory.create());
  return [...own, ...jwt, new SessionAuthenticator(session, verifier, clock)];
}
