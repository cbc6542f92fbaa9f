import { AuthenticationError, type WsAuthenticator, type WsCredential } from '../authentication/authenticator.js';
import { ANONYMOUS_KIND, createPrincipal, type Principal } from '../core/principal.js';
import { isSameSubject } from '../authentication/session/session.authenticator.js';
import type { Clock } from '../core/clock.js';
import { randomId } from '../core/identifier.js';
import { setHandshakePrincipal } from './guards/handshake-principal.js';
import type { AmbientCredential, HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';

/**
 * Verifies the credential that decides, once, and writes the principal into the context.
 *
 * A session beside an explicit credential never replaces it; but a valid one of another subject refuses, since the browser
 * and the page then disagree about who is there (AN-04, OWASP ASVS 5.0 15.3.7).
 *
 * @returns the refusal; never rejects.
 */
export async function verifyCredential(context: HandshakeContext, clock: Clock): Promise<HandshakeRefusal | undefined> {
  const { authenticator, credential, ambient, csrfToken } = context;
  if (context.isAnonymous) return accept(context, anonymousPrincipal(clock));
  if (authenticator === undefined || credential === undefined) return refuse('internal');
  try {
    const principal = await authenticate(authenticator, credential, context);
    if (principal === undefined) return refuse('internal');
    if (ambient !== undefined) {
      const refusal =
        ambient.credential === credential
          ? checkCsrfToken(ambient, csrfToken, principal)
          : await checkSubject(ambient, principal, context);
      if (refusal !== undefined) return refusal;
    }
    return accept(context, principal);
  } catch (cause) {
    return refuseFailure(cause);
  }
}

function accept(context: HandshakeContext, principal: Principal): undefined {
  context.principal = principal;
  setHandshakePrincipal(context.input.request, principal);
}

/** Nobody in particular: the id is this connection's alone, so that no two of them meet, and no owner of anything. */
function anonymousPrincipal(clock: Clock): Principal {
  const kind = ANONYMOUS_KIND;
  return createPrincipal({ kind, issuer: kind, id: randomId(), authenticatedAt: clock.now() });
}

function checkCsrfToken(
  { authenticator }: AmbientCredential,
  token: string | undefined,
  principal: Principal,
): HandshakeRefusal | undefined {
  return token !== undefined && authenticator.isCsrfTokenOf(token, principal) ? undefined : refuse('csrf');
}

async function checkSubject(
  { authenticator, credential }: AmbientCredential,
  principal: Principal,
  context: HandshakeContext,
): Promise<HandshakeRefusal | undefined> {
  let session: Principal | undefined;
  try {
    session = await authenticate(authenticator, credential, context);
  } catch (cause) {
    // A session that is not valid says nothing. One that could not be looked up may be anybody's.
    if (cause instanceof AuthenticationError && cause.failure !== 'unavailable') return undefined;
    return refuseFailure(cause);
  }
  if (session === undefined) return refuse('internal');
  return isSameSubject(principal, session) ? undefined : refuse('unauthenticated', { failure: 'ambiguous' });
}

/** @returns `undefined` when the authenticator broke its contract. */
async function authenticate(
  authenticator: WsAuthenticator,
  credential: WsCredential,
  { input }: HandshakeContext,
): Promise<Principal | undefined> {
  const principal: unknown = await authenticator.authenticate(credential, input.request);
  return isPrincipal(principal) ? principal : undefined;
}

function refuseFailure(cause: unknown): HandshakeRefusal {
  if (!(cause instanceof AuthenticationError)) {
    return refuse('authenticator-unavailable', { failure: 'unavailable', cause });
  }
  const { failure } = cause;
  // The identity could not be checked, which is not the client's fault and will pass: 503, not 401.
  return refuse(failure === 'unavailable' ? 'authenticator-unavailable' : 'unauthenticated', { failure });
}

/** Whether an authenticator kept its contract. A principal that can still be changed is not one (AN-14). */
function isPrincipal(value: unknown): value is Principal {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return false;
  const { key, id } = value as Partial<Record<keyof Principal, unknown>>;
  return typeof key === 'string' && key !== '' && typeof id === 'string' && id !== '';
}
