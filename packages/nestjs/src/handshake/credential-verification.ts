import type { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import {
  AuthenticationError,
  DpopNonceRequiredError,
  type WsCredential,
  type WsHandshakeFacts,
} from '../authentication/authenticator.js';
import { readProvedCertificate } from '../authentication/client-certificate/client-certificate.js';
import { type Awaitable, isPromiseLike } from '../core/awaitable.js';
import { ANONYMOUS_KIND, makePrincipal, type Principal, PrincipalError } from '../core/principal.js';
import type { Clock } from '../core/clock.js';
import { randomId } from '../core/identifier.js';
import { setHandshakePrincipal } from './guards/handshake-principal.js';
import type { AmbientCredential, HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { presentedCertificate } from './presented-certificate.js';

type Outcome = HandshakeRefusal | undefined;

/**
 * Verifies the credential that decides, once, and writes the principal into the context.
 *
 * A session or a client certificate beside another credential never replaces it; but a valid one of another subject refuses,
 * since the browser and the page then disagree about who is there (AN-04, OWASP ASVS 5.0 15.3.7).
 *
 * @returns the refusal; at once where the authenticator answers at once. Never rejects.
 */
export function verifyCredential(context: HandshakeContext, clock: Clock): Awaitable<Outcome> {
  const { authenticator, credential, ambient, csrfToken } = context;
  if (context.isInvited) return undefined;
  if (context.isAnonymous) return acceptPrincipal(context, anonymousPrincipal(clock));
  if (authenticator === undefined || credential === undefined) return refuse('internal');
  return verify(context, authenticator, credential, refuseFailure, (principal) => {
    const { proof } = ambient.find((one) => one.credential === credential) ?? {};
    if (proof?.needsPage === true && (csrfToken === undefined || !proof.isCsrfTokenOf(csrfToken, principal))) {
      return refuse('csrf');
    }
    return checkSubjects(context, ambient.filter((one) => one.credential !== credential), principal); // prettier-ignore
  });
}

/** Makes an identity that of the handshake. */
export function acceptPrincipal(context: HandshakeContext, principal: Principal): undefined {
  context.principal = principal;
  setHandshakePrincipal(context.input.request, principal);
}

/** Nobody in particular: the id is this connection's alone, so that no two of them meet, and no owner of anything. */
function anonymousPrincipal(clock: Clock): Principal {
  const kind = ANONYMOUS_KIND;
  return makePrincipal({ issuer: kind, id: randomId() }, { block: kind, kind, now: clock.now() });
}

function checkSubjects(
  context: HandshakeContext,
  [ambient, ...others]: readonly AmbientCredential[],
  principal: Principal,
): Awaitable<Outcome> {
  if (ambient === undefined) return acceptPrincipal(context, principal);
  // A session that is not valid says nothing. One that could not be looked up may be anybody's.
  const onFailure = (cause: unknown): Awaitable<Outcome> =>
    cause instanceof AuthenticationError && cause.failure !== 'unavailable'
      ? checkSubjects(context, others, principal)
      : refuseFailure(cause);
  return verify(context, ambient.authenticator, ambient.credential, onFailure, (who) =>
    ambient.proof.isSameSubject(principal, who)
      ? checkSubjects(context, others, principal)
      : refuse('unauthenticated', { failure: 'ambiguous' }),
  );
}

/** Asks an authenticator, and waits only where it has to be waited for. */
function verify(
  context: HandshakeContext,
  authenticator: AuthenticatorBlock,
  credential: WsCredential,
  onFailure: (cause: unknown) => Awaitable<Outcome>,
  onPrincipal: (principal: Principal) => Awaitable<Outcome>,
): Awaitable<Outcome> {
  let principal: Awaitable<Principal>;
  try {
    principal = authenticator.authenticate(credential, context.input.request, new HandshakeFacts(context));
  } catch (cause) {
    return onFailure(cause);
  }
  return isPromiseLike(principal) ? principal.then(onPrincipal, onFailure) : onPrincipal(principal);
}

/** What a handshake knows beside the credential. No literal: V8 gives each one that has a getter a shape of its own. */
class HandshakeFacts implements WsHandshakeFacts {
  readonly origin: string | undefined;
  readonly clientAddress: string;
  readonly #context: HandshakeContext;

  constructor(context: HandshakeContext) {
    this.origin = context.origin.kind === 'allowed' ? context.origin.text : undefined;
    this.clientAddress = context.clientAddress;
    this.#context = context;
  }

  get certificateThumbprint(): string | undefined {
    const context = this.#context;
    if (context.certificate === undefined) {
      const presented = presentedCertificate(context);
      if (typeof presented !== 'object') return undefined;
      context.certificate = readProvedCertificate(presented.certificate, presented.isResumed === true);
    }
    // One that is revoked proves nothing.
    return context.endpoint.revokedCertificates.refuses(context.certificate)
      ? undefined
      : context.certificate.thumbprint;
  }
}

function refuseFailure(cause: unknown): HandshakeRefusal {
  if (cause instanceof PrincipalError) return refuse('internal', { cause });
  if (!(cause instanceof AuthenticationError)) {
    return refuse('authenticator-unavailable', { failure: 'unavailable', cause });
  }
  const { failure } = cause;
  if (cause instanceof DpopNonceRequiredError) {
    const headers = { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': cause.nonce };
    return refuse('unauthenticated', { failure, headers });
  }
  // The identity could not be checked, which is not the client's fault and is temporary: 503, not 401.
  const reason = failure === 'unavailable' ? 'authenticator-unavailable' : 'unauthenticated';
  return refuse(reason, { failure, cause: cause.cause });
}
