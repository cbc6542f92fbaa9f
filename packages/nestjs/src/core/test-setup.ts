import type { WsAuthenticator } from '../authentication/authenticator.js';
import type { Clock } from './clock.js';

/**
 * What `SecureWsTestingModule` changes about an application. The class is the token; no entry point exports it, and nothing
 * provides it outside tests.
 */
export abstract class TestSetup {
  /** Takes the place of the machine's clock. */
  abstract readonly clock: Clock | undefined;

  /** Lays what a test needs over the application's own options, which may be anything at this point. */
  abstract adjust(options: unknown): unknown;

  /** Who is asked before the application's own authenticators, on every path. */
  abstract authenticators(clock: Clock): readonly WsAuthenticator[];
}
