import { CSRF_SUBPROTOCOL_PREFIX } from '@secure-ws/protocol';
import type { WsCredential } from '../authentication/authenticator.js';
import { findCredentials } from '../authentication/credentials.js';
import { SessionAuthenticator } from '../authentication/session/session.authenticator.js';
import type { HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';

/**
 * Finds the credentials of a handshake and the authenticators that will verify them, without verifying anything: the
 * explicit one, which decides where there is one, and the session cookie.
 *
 * @param publicOrigin `handshake.publicUrl` in its `https` form, where it is set.
 * @returns the refusal (`401`, or `403` for a missing `Origin` or CSRF token), or `undefined` when the context has them.
 */
export function chooseCredential(context: HandshakeContext, publicOrigin?: string): HandshakeRefusal | undefined {
  const { authorization, cookie, dpop } = context.head;
  const found = findCredentials({ authorization, cookie, dpop, subprotocols: context.offeredSubprotocols });
  // What a browser adds by itself may have been added for any page. Without an Origin nobody can tell for which one, even
  // where an explicit credential is there as well (RFC 6455 section 10.2).
  if (context.origin.kind === 'absent' && found.hasAmbient) return refuse('origin-missing');
  if (found.problem !== undefined) return refuse('unauthenticated', { failure: found.problem });
  const { credential, proof } = found;
  const url = (publicOrigin ?? ownOrigin(context)) + context.path;
  const proved =
    credential !== undefined && proof !== undefined ? { ...credential, proof: { jwt: proof, url } } : credential;
  return chooseSession(context) ?? decide(context, proved);
}

/** What the client believes to speak to, as far as a proxy in front has told. */
function ownOrigin({ isEncrypted, head }: HandshakeContext): string {
  return `${isEncrypted ? 'https' : 'http'}://${head.host ?? ''}`;
}

function chooseSession(context: HandshakeContext): HandshakeRefusal | undefined {
  for (const authenticator of context.endpoint.authenticators) {
    const { authenticator: session } = authenticator;
    if (!(session instanceof SessionAuthenticator)) continue;
    const cookie = session.find(context.head.cookie);
    if (cookie === undefined) return undefined;
    if ('problem' in cookie) return refuse('unauthenticated', { failure: cookie.problem });
    const credential = { scheme: 'session', value: cookie.value, source: 'cookie' } as const;
    context.ambient = { authenticator, session, credential };
  }
  return undefined;
}

function decide(context: HandshakeContext, explicit: WsCredential | undefined): HandshakeRefusal | undefined {
  if (explicit === undefined) return decideBySession(context);
  const authenticator = context.endpoint.authenticators.find((candidate) => candidate.accepts(explicit));
  if (authenticator === undefined) return refuse('unauthenticated', { failure: 'unsupported-scheme' });
  context.credential = explicit;
  context.authenticator = authenticator;
  return undefined;
}

function decideBySession(context: HandshakeContext): HandshakeRefusal | undefined {
  const { ambient, endpoint, origin } = context;
  const tokens = context.offeredSubprotocols.filter((entry) => entry.startsWith(CSRF_SUBPROTOCOL_PREFIX));
  // A cookie without a token proves nothing, and where no proof is needed it need not: no identity comes from it.
  if (tokens.length === 0 && endpoint.admitsAnonymous && origin.kind === 'allowed') {
    context.ambient = undefined;
    context.isAnonymous = true;
    return undefined;
  }
  if (ambient === undefined) return refuse('unauthenticated', { failure: 'missing' });
  // Before the session is looked up: a page that has no token gets no work done. Two are no token either.
  if (tokens.length !== 1) return refuse('csrf');
  context.csrfToken = tokens[0]?.slice(CSRF_SUBPROTOCOL_PREFIX.length);
  context.credential = ambient.credential;
  context.authenticator = ambient.authenticator;
  return undefined;
}
