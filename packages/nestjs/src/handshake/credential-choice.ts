import type { WsAuthenticator } from '../authentication/authenticator.js';
import { findCredentials } from '../authentication/credentials.js';
import type { HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';

/**
 * Finds the one credential of a handshake and the authenticator that will verify it, without verifying anything.
 *
 * @returns the refusal (`401`, or `403` for a missing `Origin`), or `undefined` when the context has both.
 */
export function chooseCredential(
  context: HandshakeContext,
  authenticators: readonly WsAuthenticator[],
): HandshakeRefusal | undefined {
  const { authorization, cookie } = context.head;
  const found = findCredentials({ authorization, cookie, subprotocols: context.offeredSubprotocols });
  // What a browser adds by itself may have been added for any page. Without an Origin nobody can tell for which one, even
  // where an explicit credential is there as well (RFC 6455 section 10.2).
  if (context.origin.kind === 'absent' && found.hasAmbient) return refuse('origin-missing');
  if (found.problem !== undefined) return refuse('unauthenticated', { failure: found.problem });
  const { credential } = found;
  if (credential === undefined) return refuse('unauthenticated', { failure: 'missing' });
  const authenticator = authenticators.find((candidate) => candidate.accepts(credential));
  if (authenticator === undefined) return refuse('unauthenticated', { failure: 'unsupported-scheme' });
  context.credential = credential;
  context.authenticator = authenticator;
  return undefined;
}
