import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../core/principal.js';

// Not a property of the request: middleware and a guard's own typing mistakes could write that one.
const PRINCIPALS = new WeakMap<IncomingMessage, Principal>();

/** Remembers whose handshake a request is. For the handshake itself: it is not exported from the package. */
export function setHandshakePrincipal(request: IncomingMessage, principal: Principal): void {
  PRINCIPALS.set(request, principal);
}

/**
 * The verified identity behind a handshake, for guards of `@UseHandshakeGuards()` and `handleConnection`.
 *
 * @param request the raw request: `context.switchToHttp().getRequest()`.
 * @throws TypeError for any other request: no guard can take a missing identity for an anonymous one.
 */
export function handshakePrincipal(request: IncomingMessage): Principal {
  const principal = PRINCIPALS.get(request);
  if (principal === undefined) {
    throw new TypeError(
      'This request has no identity: pass the raw request of a handshake whose credential was verified.',
    );
  }
  return principal;
}
