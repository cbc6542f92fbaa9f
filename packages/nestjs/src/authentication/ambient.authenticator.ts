import type { Principal } from '../core/principal.js';
import { WsAuthenticator } from './authenticator.js';

/**
 * Verifies a credential that a browser adds by itself, whichever page opens the connection. It proves who the visitor is,
 * and nothing about the page (RFC 6455 section 10.2).
 */
export abstract class AmbientAuthenticator extends WsAuthenticator {
  /** The issuer of identities for which the application names none. */
  abstract readonly ownIssuer: string;

  /** Whether browsers send it, so that it counts only with an allowed `Origin` and a CSRF token (HS-04, HS-18). */
  abstract readonly needsPage: boolean;

  /** Whether a CSRF token is bound to what a principal of this authenticator was made from. */
  abstract isCsrfTokenOf(token: string, principal: Principal): boolean;

  /**
   * Whether an explicit credential and the ambient one beside it name the same subject (AN-04). An ambient one without an
   * issuer shares the ids of the explicit one's.
   */
  isSameSubject(explicit: Principal, ambient: Principal): boolean {
    return (
      explicit.id === ambient.id &&
      explicit.tenant === ambient.tenant &&
      (ambient.issuer === this.ownIssuer || ambient.issuer === explicit.issuer)
    );
  }
}
