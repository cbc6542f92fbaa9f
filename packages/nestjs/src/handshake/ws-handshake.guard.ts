import { AuthenticationError, type WsAuthenticator, type WsCredential } from '../authentication/authenticator.js';
import type { Principal } from '../authentication/principal.js';
import type { Clock } from '../internal/clock.js';
import { withDeadline } from './deadline.js';
import {
  createHandshakeContext,
  type HandshakeAdmission,
  type HandshakeContext,
  type HandshakeDecision,
  type HandshakeInput,
} from './handshake-context.js';
import type { ResolvedHandshakeOptions } from './handshake.options.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { compileHandshakeSteps, type HandshakeStep } from './handshake-steps.js';
import { readRequestHead } from './request-head.js';

/** What a {@link WsHandshakeGuard} is made of. */
export interface WsHandshakeGuardParts {
  readonly options: ResolvedHandshakeOptions;
  /** Asked in their order; the first that accepts a credential decides, and no other one is asked after it. */
  readonly authenticators: readonly WsAuthenticator[];
  /** Whether the application has booted and is not draining. Asked on every handshake. */
  readonly isReady: () => boolean;
  readonly clock: Clock;
}

/**
 * Decides about a handshake before the `101`. What is not admitted is refused: a throw, a time-out and a missing value
 * among it.
 */
export class WsHandshakeGuard {
  /** The checks that need no waiting, in the order in which they run. */
  readonly steps: readonly HandshakeStep[];

  readonly #options: ResolvedHandshakeOptions;
  readonly #clock: Clock;
  #pending = 0;

  constructor({ options, authenticators, isReady, clock }: WsHandshakeGuardParts) {
    this.#options = options;
    this.#clock = clock;
    this.steps = compileHandshakeSteps(options, authenticators, { isReady, pending: () => this.#pending });
  }

  /** How many handshakes wait for their credentials at the moment. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Runs the checks. Never throws and never rejects.
   *
   * @returns the decision itself where a check that needs no waiting refused, so that a flood costs no promises;
   * otherwise a promise, which settles within `timeoutMs`.
   */
  decide(input: HandshakeInput): HandshakeDecision | Promise<HandshakeDecision> {
    try {
      const context = createHandshakeContext(input, readRequestHead(input.request));
      for (const step of this.steps) {
        const refusal = step.run(context);
        if (refusal !== undefined) return refusal;
      }
      const { authenticator, credential } = context;
      if (authenticator === undefined || credential === undefined) return refuse('internal');
      return this.#wait(verify(context, authenticator, credential));
    } catch (cause) {
      return refuse('internal', { cause });
    }
  }

  async #wait(work: Promise<HandshakeDecision>): Promise<HandshakeDecision> {
    this.#pending += 1;
    try {
      return await withDeadline(work, this.#options.timeoutMs, this.#clock, refuse('timeout'));
    } finally {
      this.#pending -= 1;
    }
  }
}

/** Never rejects, so that a result that comes after the deadline cannot become an unhandled rejection. */
async function verify(
  context: HandshakeContext,
  authenticator: WsAuthenticator,
  credential: WsCredential,
): Promise<HandshakeDecision> {
  try {
    const principal: unknown = await authenticator.authenticate(credential, context.input.request);
    return isPrincipal(principal) ? admit(context, principal, credential) : refuse('internal');
  } catch (cause) {
    return refuseFailure(cause);
  }
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

function admit(context: HandshakeContext, principal: Principal, credential: WsCredential): HandshakeAdmission {
  const { subprotocol, origin } = context;
  return {
    admitted: true,
    principal,
    path: context.path,
    clientAddress: context.clientAddress,
    secure: context.isEncrypted,
    credentialKind: credential.source,
    ...(subprotocol !== undefined && { subprotocol }),
    ...(origin.kind === 'allowed' && { origin: origin.text }),
  };
}
