import { ContextIdFactory, type ModuleRef } from '@nestjs/core';
import type { Clock } from '../internal/clock.js';
import type { ResolvedAuthenticationOptions } from './authentication.options.js';
import { WsAuthenticator } from './authenticator.js';
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
  return options.jwt.length === 0 ? own : [...own, new JwtAuthenticator(options.jwt, clock)];
}
