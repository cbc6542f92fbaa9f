import { AuthenticationError, WsAuthenticator, type WsCredential } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';
import type { Clock } from '../core/clock.js';
import { isTestToken, readTestToken } from './test-identity.js';

/** Admits the identities of `testIdentity()`. Every other token goes on to the application's own authenticators. */
export class TestAuthenticator extends WsAuthenticator {
  override readonly kind = 'test';

  constructor(private readonly clock: Clock) {
    super();
  }

  override accepts({ scheme, value }: WsCredential): boolean {
    return scheme === 'bearer' && isTestToken(value);
  }

  override async authenticate({ value }: WsCredential): Promise<Principal> {
    const principal = readTestToken(value, this.clock.now());
    if (principal === undefined) throw new AuthenticationError('bad-signature');
    return principal;
  }
}
