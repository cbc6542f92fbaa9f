import type { Principal } from '../core/principal.js';
import type { HandshakeAdmission, HandshakeContext } from './handshake-context.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import type { PrincipalLease } from './limits/principal-caps.js';
import { auditedPath } from './request-path.js';
import { markShown } from './shown-refusal.js';

/** The one place where a handshake ends: whatever it holds is given back here, or goes on to the connection. */
export function concludeHandshake(
  context: HandshakeContext | undefined,
  outcome: HandshakeRefusal | undefined,
): HandshakeRefusal | HandshakeAdmission | 'invited' {
  if (context === undefined) return outcome ?? refuse('internal');
  context.isOver = true;
  const { reservation, principal, lease } = context;
  let refusal = outcome;
  if (refusal === undefined && context.isInvited && reservation?.isReleased === false) return 'invited';
  if (refusal === undefined && (reservation === undefined || principal === undefined || lease === undefined))
    refusal = refuse('internal');
  if (refusal === undefined && reservation?.admit() !== true) refusal = refuse('client-gone');
  if (refusal === undefined && principal !== undefined && lease !== undefined) return admit(context, principal, lease);
  reservation?.release();
  return markShown(withFacts(refusal ?? refuse('internal'), context), context);
}

/** A refusal that tells what is known of the client. */
export function withFacts(refusal: HandshakeRefusal, context: HandshakeContext): HandshakeRefusal {
  const { clientAddress, remoteAddress = '', path, principal, head } = context;
  const facts = {
    clientAddress: clientAddress === '' ? remoteAddress : clientAddress,
    path: refusal.reason === 'unknown-path' ? auditedPath(head.target) : path,
    ...(principal !== undefined && { principal: principal.key }),
  };
  return Object.freeze({ ...refusal, facts });
}

function admit(context: HandshakeContext, principal: Principal, lease: PrincipalLease): HandshakeAdmission {
  const { subprotocol, origin, reservation, certificate } = context;
  return {
    admitted: true,
    connectionId: context.connectionId,
    principal,
    lease,
    path: context.path,
    url: context.url,
    clientAddress: context.clientAddress,
    credentialKind: context.credential?.source ?? 'none',
    fields: context.fields,
    release: () => reservation?.release(),
    ...(certificate !== undefined && { certificate }),
    ...(subprotocol !== undefined && { subprotocol }),
    ...(origin.kind === 'allowed' && { origin: origin.text }),
  };
}
