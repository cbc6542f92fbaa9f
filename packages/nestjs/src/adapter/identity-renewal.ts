import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AuthenticationError, DpopNonceRequiredError, type WsCredential } from '../authentication/authenticator.js';
import { messageCredential } from '../authentication/credentials.js';
import { judgeRefresh } from '../authentication/refresh/refresh-policy.js';
import { ANYBODY, AuthorizationPlan, NO_POLICIES } from '../authorization/authorization-plan.js';
import { ANONYMOUS_KIND, type Principal } from '../core/principal.js';
import type { HandshakeAdmission } from '../handshake/handshake-context.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { Message, MessageHandler } from '../messages/message.js';
import { REPLY_STEP } from '../messages/message-steps.js';
import type { Refusal } from '../messages/refusal.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { judgeBytes } from '../validation/bytes/bytes-demand.js';
import type { AcceptedSocket } from './accepted-socket.js';
import type { WsEndpoint } from './ws-endpoint.js';

/** How long after a verification the next one may come, in milliseconds. */
const VERIFY_EVERY_MS = 10_000;

/** When a client may come back to a process that verifies as much as it may, in milliseconds. */
const BUSY_MS = 1000;

/** How often the application is asked for the rights of one fresh credential, where it has something new to say meanwhile. */
const MAX_QUESTIONS = 3;

/** The event by which a client sends a fresh credential. */
export const AUTH_EVENT = '$auth';

/** Who asks has an identity already, and every identity may be made a new one. */
const PLAN: HandlerPlan = Object.freeze({
  event: AUTH_EVENT,
  eventJson: JSON.stringify(AUTH_EVENT),
  label: AUTH_EVENT,
  authorization: new AuthorizationPlan(ANYBODY, NO_POLICIES),
  throttles: [],
  subprotocols: undefined,
  bytes: undefined,
  mayGetBytes: false,
  payload: undefined,
  reply: undefined,
  isReported: false,
  hasInterceptors: false,
  isStream: false,
});

const REFUSED: Refusal = Object.freeze({ code: 'FORBIDDEN', reason: 'refresh-refused' });
const REVOKED: Refusal = Object.freeze({ ...REFUSED, close: 'REVOKED' });
/** Rights that are taken away faster than they can be looked at: none are given. */
const OUTDATED: Refusal = Object.freeze({
  code: 'THROTTLED',
  reason: 'refresh-rate',
  retryAfterMs: VERIFY_EVERY_MS,
});
const SUBJECT: Refusal = Object.freeze({ ...REFUSED, reason: 'refresh-subject', close: 'SUBJECT_MISMATCH' });

/** What becomes of a connection once its new identity holds. */
interface Renewal {
  readonly principal: Principal;
  /** How it was proved: `<kind>:message`, or `<kind>:revalidation`. */
  readonly method: string;
  readonly conclude: () => void;
}

/** One by a fresh credential of the client. */
interface Refresh extends Renewal {
  /** Whether the application may have said something else since it was asked for the rights in it. */
  readonly isOutdated: () => boolean;
}

/** Gives connections a new identity of the same principal, in place: by a fresh credential of the client. */
export class IdentityRenewal {
  constructor(private readonly runtime: SecureWsRuntime) {}

  /** Lets a connection send fresh credentials, where its client speaks the module's own events. */
  bind(accepted: AcceptedSocket, endpoint: WsEndpoint, socket: Socket, admission: HandshakeAdmission): void {
    const { connection, pipeline } = accepted;
    // Nobody in particular never becomes somebody: a token of it would be verified for nothing.
    const isNobody = connection.principal.kind === ANONYMOUS_KIND;
    if (!connection.wire.hasModuleEvents || isNobody) return;
    let verifiedAt = -Infinity;
    let toldNonceAt = -Infinity;
    const verify = (message: Message): Refusal | Promise<Refusal | Refresh> => {
      const issue = judgeBytes(message.binary, PLAN.bytes);
      if (issue !== undefined) return { code: 'VALIDATION_FAILED', reason: 'bytes', issues: [issue] };
      const waitMs = verifiedAt + VERIFY_EVERY_MS - accepted.now();
      if (waitMs > 0) return { code: 'THROTTLED', reason: 'refresh-rate', retryAfterMs: waitMs };
      const credential = messageCredential(message.data, admission.url);
      if (credential === undefined) return { code: 'VALIDATION_FAILED', reason: 'payload' };
      const { guard } = this.runtime;
      if (guard.isBusy) return { code: 'THROTTLED', reason: 'refresh-rate', retryAfterMs: BUSY_MS };
      verifiedAt = accepted.now();
      const verification = this.#verify(accepted, endpoint, socket, admission, credential).then((verified) =>
        'code' in verified ? verified : this.#judge(accepted, admission.lease, message, verified),
      );
      guard.count(verification);
      return verification;
    };
    const failed = (exception: unknown): Refusal => {
      // Once in ten seconds who was told the nonce may use it at once.
      if (exception instanceof DpopNonceRequiredError && accepted.now() >= toldNonceAt + VERIFY_EVERY_MS) {
        toldNonceAt = accepted.now();
        verifiedAt = -Infinity;
      }
      return refusalOf(exception);
    };
    const handler: MessageHandler = {
      plan: PLAN,
      steps: [
        {
          name: 'refresh',
          start: verify,
          finish: (message, outcome) => this.#conclude(accepted, message, outcome as Refusal | Refresh),
          fail: (_message, exception) => failed(exception),
        },
        REPLY_STEP,
      ],
      callback: () => undefined,
    };
    pipeline.bind(handler);
  }

  /** Makes an identity that was found good the one of its connection; at once, so that nothing comes between. */
  adopt(accepted: AcceptedSocket, { principal, method, conclude }: Renewal): void {
    const { connection } = accepted;
    const { principal: before } = connection;
    accepted.method = method;
    connection.adopt(principal);
    conclude();
    const { id: connectionId, path, address } = connection;
    this.runtime.events.emit({
      type: 'ws.connection.refreshed',
      ...{ connectionId, path, address, principal: principal.key, method },
    });
    // It may have been revoked since the store was asked.
    this.runtime.revocationWatch.check(connection);
    if (accepted.isGreeted && connection.isOpen) this.runtime.hooks.refreshed(connection, before);
  }

  async #verify(
    accepted: AcceptedSocket,
    endpoint: WsEndpoint,
    socket: Socket,
    { certificate }: HandshakeAdmission,
    credential: WsCredential,
  ): Promise<Refusal | Principal> {
    const { connection } = accepted;
    const authenticator = endpoint.runtime.authenticators.find((candidate) => candidate.accepts(credential));
    if (authenticator === undefined) return REFUSED;
    // The fields of the handshake are gone: what a credential is bound to is the connection.
    const request = Object.assign(new IncomingMessage(socket), { method: 'GET', url: connection.path });
    const isProved = certificate !== undefined && !this.runtime.revokedCertificates.refuses(certificate);
    const certificateThumbprint = isProved ? certificate.thumbprint : undefined;
    const facts = { origin: connection.origin, clientAddress: connection.address, certificateThumbprint };
    const verified = await authenticator.authenticate(credential, request, facts);
    const problem = judgeRefresh(connection.principal, verified);
    if (problem !== undefined) return problem === 'subject' ? SUBJECT : REFUSED;
    return verified;
  }

  async #judge(
    accepted: AcceptedSocket,
    lease: HandshakeAdmission['lease'],
    message: Message,
    verified: Principal,
  ): Promise<Refusal | Refresh> {
    for (let asked = 0; asked < MAX_QUESTIONS && accepted.connection.isOpen; asked++) {
      const outcome = await this.#judgeOnce(accepted, lease, message, verified);
      if ('code' in outcome || !outcome.isOutdated()) return outcome;
    }
    return OUTDATED;
  }

  async #judgeOnce(
    accepted: AcceptedSocket,
    lease: HandshakeAdmission['lease'],
    message: Message,
    verified: Principal,
  ): Promise<Refusal | Refresh> {
    const { connection, revalidations } = accepted;
    const { epoch } = connection;
    // What the application took away must not come back with a token that does not know of it,
    const principal = await this.runtime.rightsOf(verified);
    if (principal === undefined) return REVOKED;
    // One call to the store: not revoked, and a place in its session.
    if (!(await this.runtime.guard.moveLease(lease, principal))) return REFUSED;
    return {
      principal,
      method: `${principal.kind}:message`,
      conclude: await this.#judgeRunning(accepted, message, principal),
      // nor with what it had answered before.
      isOutdated: () => connection.epoch !== epoch || accepted.revalidations !== revalidations,
    };
  }

  /** AZ-09: the policies of what is under way have their own time. One that does not answer ends its stream, and no more. */
  async #judgeRunning({ pipeline }: AcceptedSocket, message: Message, principal: Principal): Promise<() => void> {
    message.endDeadline();
    const conclude = await pipeline.judgeRunning(principal);
    if (!message.isSettled) message.startDeadline('judging', this.runtime.clock.monotonic());
    return conclude;
  }

  #conclude(accepted: AcceptedSocket, message: Message, outcome: Refusal | Refresh): Refusal | undefined {
    if ('code' in outcome) return outcome;
    if (outcome.isOutdated()) return OUTDATED;
    const { connection } = accepted;
    // Too late: the identity has ended while the new one was looked at, or the new one itself.
    if (connection.isExpired || endsIn(outcome.principal, this.runtime.clock.now()) <= 0) return REFUSED;
    // Another one may have come first, and been newer or stronger.
    if (judgeRefresh(connection.principal, outcome.principal) !== undefined) return REFUSED;
    this.adopt(accepted, outcome);
    message.renew(outcome.principal);
    const expiresInMs = endsIn(outcome.principal, this.runtime.clock.now());
    message.result = Number.isFinite(expiresInMs) ? { expiresInMs } : {};
    return undefined;
  }
}

function endsIn({ expiresAt = Infinity }: Principal, now: number): number {
  return expiresAt - now;
}

/** The same answer for all of them; a bug or an outage is for the operator to see. */
function refusalOf(exception: unknown): Refusal {
  // RFC 9449 section 9, without a response field: only who holds the key gets here.
  if (exception instanceof DpopNonceRequiredError) {
    return { ...REFUSED, application: { reason: 'USE_DPOP_NONCE', details: { nonce: exception.nonce } } };
  }
  // Of a refusal there is one where the application's own mapping threw.
  const fault = exception instanceof AuthenticationError ? exception.cause : exception;
  return fault === undefined ? REFUSED : { ...REFUSED, fault: { exception: fault } };
}
