import { CSRF_SUBPROTOCOL_PREFIX } from '@secure-ws/protocol';
import type { WsCredential } from '../authentication/authenticator.js';
import { ClientCertificateAuthenticator } from '../authentication/client-certificate/client-certificate.authenticator.js';
import { findCredentials } from '../authentication/credentials.js';
import { SessionAuthenticator } from '../authentication/session/session.authenticator.js';
import type { AmbientCredential, HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { presentedCertificate } from './presented-certificate.js';

/** The options that decide where credentials are looked for, and what they are bound to. */
export interface CredentialPlaces {
  /** `handshake.publicUrl` in its `https` form, where it is set. */
  readonly publicOrigin?: string | undefined;
}

/**
 * Finds the credentials of a handshake and the authenticators that will verify them, without verifying anything: the
 * explicit one, which decides where there is one, the session cookie and the client certificate.
 *
 * @returns the refusal (`401`, or `403` for a missing `Origin` or CSRF token), or `undefined` when the context has them.
 */
export function chooseCredential(
  context: HandshakeContext,
  places: CredentialPlaces = {},
): HandshakeRefusal | undefined {
  const { authorization, cookie, dpop } = context.head;
  const found = findCredentials({ authorization, cookie, dpop, subprotocols: context.offeredSubprotocols });
  const certificate = findCertificate(context);
  // What a browser adds by itself may have been added for any page. Without an Origin nobody can tell for which one, even
  // where an explicit credential is there as well (RFC 6455 section 10.2).
  const hasAmbient = found.hasAmbient || (typeof certificate === 'object' && certificate.proof.needsPage);
  if (context.origin.kind === 'absent' && hasAmbient) return refuse('origin-missing');
  if (found.problem !== undefined) return refuse('unauthenticated', { failure: found.problem });
  if (certificate === 'malformed') return refuse('unauthenticated', { failure: 'malformed' });
  const session = findSession(context);
  if (session !== undefined && 'admitted' in session) return session;
  context.ambient = [session, certificate].filter((one) => one !== undefined);
  const { credential, proof } = found;
  context.url = (places.publicOrigin ?? ownOrigin(context)) + context.path;
  const proved =
    credential !== undefined && proof !== undefined
      ? { ...credential, proof: { jwt: proof, url: context.url } }
      : credential;
  return decide(context, proved);
}

/** What the client believes to speak to, as far as a proxy in front has told. */
function ownOrigin({ isEncrypted, head }: HandshakeContext): string {
  return `${isEncrypted ? 'https' : 'http'}://${head.host ?? ''}`;
}

function findSession(context: HandshakeContext): AmbientCredential | HandshakeRefusal | undefined {
  for (const authenticator of context.endpoint.authenticators) {
    const { authenticator: proof } = authenticator;
    if (!(proof instanceof SessionAuthenticator)) continue;
    const cookie = proof.find(context.head.cookie);
    if (cookie === undefined) return undefined;
    if ('problem' in cookie) return refuse('unauthenticated', { failure: cookie.problem });
    const credential = { scheme: 'session', value: cookie.value, source: 'cookie' } as const;
    return { authenticator, proof, credential };
  }
  return undefined;
}

function findCertificate(context: HandshakeContext): AmbientCredential | 'malformed' | undefined {
  for (const authenticator of context.endpoint.authenticators) {
    const { authenticator: proof } = authenticator;
    if (!(proof instanceof ClientCertificateAuthenticator)) continue;
    const presented = presentedCertificate(context);
    if (typeof presented !== 'object') return presented;
    return { authenticator, proof, credential: proof.credentialOf(presented, context.input.request) };
  }
  return undefined;
}

function decide(context: HandshakeContext, explicit: WsCredential | undefined): HandshakeRefusal | undefined {
  if (explicit === undefined) return decideByAmbient(context);
  const authenticator = context.endpoint.authenticators.find((candidate) => candidate.accepts(explicit));
  if (authenticator === undefined) return refuse('unauthenticated', { failure: 'unsupported-scheme' });
  context.credential = explicit;
  context.authenticator = authenticator;
  return undefined;
}

function decideByAmbient(context: HandshakeContext): HandshakeRefusal | undefined {
  const { ambient, endpoint, origin } = context;
  const tokens = context.offeredSubprotocols.filter((entry) => entry.startsWith(CSRF_SUBPROTOCOL_PREFIX));
  // A cookie without a token proves nothing, and where no proof is needed it need not: no identity comes from it.
  if (tokens.length === 0 && endpoint.admitsAnonymous && origin.kind === 'allowed') {
    context.ambient = [];
    context.isAnonymous = true;
    return undefined;
  }
  // The session is the nearer one: a certificate may be that of the machine.
  const [deciding] = ambient;
  if (deciding === undefined && tokens.length === 0 && endpoint.admitsFirstMessage) {
    context.isInvited = true;
    return undefined;
  }
  if (deciding === undefined) return refuse('unauthenticated', { failure: 'missing' });
  if (deciding.proof.needsPage) {
    // Before the session is looked up: a page that has no token gets no work done. Two are no token either.
    if (tokens.length !== 1) return refuse('csrf');
    context.csrfToken = tokens[0]?.slice(CSRF_SUBPROTOCOL_PREFIX.length);
  } else if (origin.kind !== 'absent') {
    // The certificate of a program does not speak for a page.
    return refuse('origin-not-allowed');
  }
  context.credential = deciding.credential;
  context.authenticator = deciding.authenticator;
  return undefined;
}
