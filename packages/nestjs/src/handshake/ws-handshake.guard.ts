import { ChallengeCheck, type ChallengeCheckParts } from './challenge/challenge-check.js';
import type { WsChallengeVerifier } from './challenge/ws-challenge-verifier.js';
import type { WsCredential } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';
import type { Clock } from '../core/clock.js';
import { type Awaitable, isPromiseLike, withDeadline } from '../core/awaitable.js';
import { type SecureWsStore, SecureWsStoreError } from '../store/secure-ws.store.js';
import type { GatewayGuards } from './guards/gateway-guards.js';
import {
  HandshakeContext,
  type HandshakeAdmission,
  type HandshakeDecision,
  type HandshakeInput,
  type HandshakeInvitation,
} from './handshake-context.js';
import { concludeHandshake, withFacts } from './handshake-conclusion.js';
import { HandshakeLimits, type HandshakePenalty } from './handshake-limits.js';
import type { PrincipalLease } from './limits/principal-caps.js';
import type { ResolvedHandshakeOptions } from './handshake.options.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { compileHandshakeSteps, type HandshakeStep, type HandshakeStepParts } from './handshake-steps.js';
import { readRequestHead } from './request-head.js';

/** What a {@link WsHandshakeGuard} is made of. */
export interface WsHandshakeGuardParts {
  readonly options: ResolvedHandshakeOptions;
  /** Whether the application has booted and is not draining. Asked on every handshake. */
  readonly isReady: () => boolean;
  /** Whether the process is overloaded. Asked on every handshake. */
  readonly isShedding: () => boolean;
  readonly clock: Clock;
  readonly store: SecureWsStore;
  /**
   * Closes a connection of this node whose place among those of its principal went to a newer one. Must not throw; an
   * unknown id is to be ignored.
   */
  readonly onReplaced: (connectionId: string) => void;
  readonly penalty: HandshakePenalty;
  /** Verifies the solutions of `handshake.challenge`. Throws before the application has started. */
  readonly challengeVerifier: () => WsChallengeVerifier;
  /** The identity with the rights of now; `undefined` where it may not be connected any more. May throw or reject. */
  readonly rightsOf: HandshakeStepParts['rightsOf'];
  /** An attack begins, or has ended. Must not throw. */
  readonly onAttack: ChallengeCheckParts['onAttack'];
}

type Outcome = HandshakeRefusal | undefined;

/**
 * Decides about a handshake before the `101`. What is not admitted is refused: a throw, a time-out and a missing value
 * among it.
 */
export class WsHandshakeGuard {
  /** The checks, in the order in which they run. */
  readonly steps: readonly HandshakeStep[];

  readonly #limits: HandshakeLimits;
  readonly #challenge: ChallengeCheck | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #gatewayGuards = new WeakMap<object, GatewayGuards>();

  constructor(parts: WsHandshakeGuardParts) {
    const {
      options,
      isReady,
      isShedding,
      clock,
      store,
      onReplaced,
      penalty,
      challengeVerifier: verifier,
      onAttack,
      rightsOf,
    } = parts;
    this.#timeoutMs = options.timeoutMs;
    this.#clock = clock;
    this.#limits = new HandshakeLimits({ limits: options.limits, store, clock, onReplaced, penalty });
    const { challenge } = options;
    this.#challenge =
      challenge === undefined
        ? undefined
        : new ChallengeCheck({ options: challenge, clock, store, verifier, onAttack });
    this.steps = compileHandshakeSteps(options, {
      challenge: this.#challenge,
      limits: this.#limits,
      clock,
      isReady,
      isShedding,
      rightsOf,
      guardsOf: (gateway) => this.#gatewayGuards.get(gateway),
    });
  }

  /** How many handshakes wait, and how many connections they became, in this process. */
  get counts(): HandshakeLimits['counts'] {
    return this.#limits.counts;
  }

  /** Sets the guards that a gateway asks for. The key is in `HandshakeEndpoint.gateways`. */
  setGatewayGuards(gateway: object, guards: GatewayGuards): void {
    this.#gatewayGuards.set(gateway, guards);
  }

  /** Prolongs the places of open connections. Called from the coarse timer with monotonic milliseconds. */
  tick(now: number): void {
    this.#limits.tick(now);
    this.#challenge?.tick(now);
  }

  /** Admits a client to the `101` and no further: what it sends decides. */
  #invite(context: HandshakeContext): HandshakeInvitation {
    const { path, subprotocol, url } = context;
    const verification = this.steps.findIndex(({ name }) => name === 'verification');
    const authenticate = (credential: WsCredential): Awaitable<HandshakeRefusal | HandshakeAdmission> => {
      const end = (decision: HandshakeDecision): HandshakeRefusal | HandshakeAdmission => {
        context.invitation?.release();
        return decision.admitted && decision.principal === undefined ? refuse('internal') : decision;
      };
      context.invitation?.speak();
      context.isInvited = context.isOver = false;
      context.credential = credential;
      try {
        context.authenticator = context.endpoint.authenticators.find((candidate) => candidate.accepts(credential));
        if (context.authenticator === undefined) {
          return end(this.#concluded(context, refuse('unauthenticated', { failure: 'unsupported-scheme' })));
        }
        const outcome = this.#run(context, verification);
        if (isPromiseLike(outcome)) return this.#wait(context, outcome).then(end);
        return end(this.#concluded(context, outcome));
      } catch (cause) {
        return end(this.#concluded(context, refuseFault(cause)));
      }
    };
    return {
      admitted: true,
      principal: undefined,
      path,
      url,
      fields: context.fields,
      authenticate,
      whenLost: (onLost) => context.invitation?.whenLost(onLost),
      refuse: (reason) => {
        // What is still verified must not go on to take a place, which could be another connection's.
        context.isOver = true;
        return withFacts(refuse(reason), context);
      },
      release: () => context.reservation?.release(),
      ...(subprotocol !== undefined && { subprotocol }),
    };
  }

  /** Whether as much is being verified in this process as may be at once. */
  get isBusy(): boolean {
    return this.#limits.isBusy;
  }

  /** Counts the verification of a refresh as a pending handshake of the process. */
  count(verification: Promise<unknown>): void {
    this.#limits.work(verification, this.#timeoutMs);
  }

  /**
   * Moves the places of a connection to a new identity of its principal.
   *
   * @returns whether it is not revoked, and has a place.
   * @throws SecureWsStoreError when the store has no answer; at once or as a rejection.
   */
  moveLease(lease: PrincipalLease, principal: Principal): Awaitable<boolean> {
    return this.#limits.move(lease, principal);
  }

  /**
   * Runs the checks. Never throws and never rejects.
   *
   * @returns the decision itself where a check that needs no waiting refused, so that a flood costs no promises;
   * otherwise a promise, which settles within `timeoutMs`.
   */
  decide(input: HandshakeInput): HandshakeDecision | Promise<HandshakeDecision> {
    let context: HandshakeContext | undefined;
    try {
      context = new HandshakeContext(input, readRequestHead(input.request));
      if (isGone(context)) return this.#concluded(context, refuse('client-gone'));
      const outcome = this.#run(context, 0);
      return isPromiseLike(outcome) ? this.#wait(context, outcome) : this.#concluded(context, outcome);
    } catch (cause) {
      return this.#concluded(context, refuseFault(cause));
    }
  }

  #concluded(context: HandshakeContext | undefined, outcome: Outcome): HandshakeDecision {
    const concluded = concludeHandshake(context, outcome);
    if (concluded !== 'invited') return concluded;
    return context === undefined ? refuse('internal') : this.#invite(context);
  }

  #run(context: HandshakeContext, from: number): Awaitable<Outcome> {
    for (let index = from; index < this.steps.length; index += 1) {
      const step = this.steps[index];
      context.step = step?.name;
      const outcome = step?.run(context);
      if (isPromiseLike(outcome)) return this.#runOn(context, outcome, index + 1);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  async #runOn(context: HandshakeContext, outcome: Promise<Outcome>, next: number): Promise<Outcome> {
    const refusal = await outcome;
    if (refusal !== undefined) return refusal;
    // Nothing may be done, and above all nothing be taken, for a client that is gone or has its answer.
    if (context.isOver || context.input.socket.destroyed) return refuse('client-gone');
    return this.#run(context, next);
  }

  async #wait(context: HandshakeContext, work: Promise<Outcome>): Promise<HandshakeDecision> {
    const { socket } = context.input;
    const endsAt = this.#clock.monotonic() + this.#timeoutMs;
    let leave = (): void => undefined;
    // Whoever resets has given its place back: what waits for it must not stay, or resets would pile it up (DR-15).
    const gone = new Promise<Outcome>((resolve) => {
      leave = () => {
        resolve(refuse('client-gone'));
        // What was asked for it somewhere else is not taken back: as long as it goes on it counts, or that would pile up.
        if (context.reservation !== undefined)
          this.#limits.work(work, endsAt - this.#clock.monotonic(), context.addressKey);
      };
      socket.once('close', leave);
    });
    try {
      const first = Promise.race([work, gone]);
      const outcome = await withDeadline<Outcome | 'late'>(first, this.#timeoutMs, this.#clock, 'late');
      return this.#concluded(context, outcome === 'late' ? refuseLate(context) : outcome);
    } catch (cause) {
      return this.#concluded(context, refuseFault(cause));
    } finally {
      socket.off('close', leave);
    }
  }
}

function refuseLate({ step }: HandshakeContext): HandshakeRefusal {
  // A guard that does not answer has not said yes; everything else that waits is the server's own.
  return refuse(step === 'gateway-guards' ? 'guard' : 'timeout');
}

// An outage of the store is temporary (503, come back); a bug is not (500).
function refuseFault(cause: unknown): HandshakeRefusal {
  return refuse(isStoreFailure(cause) ? 'overloaded' : 'internal', { cause });
}

/** DR-14: `instanceof` asks what was thrown for its prototype, which a proxy answers with another throw. */
function isStoreFailure(cause: unknown): boolean {
  try {
    return cause instanceof SecureWsStoreError;
  } catch {
    return false;
  }
}

/** A TCP socket that was reset has no peer any more; a Unix socket has neither address. */
function isGone(context: HandshakeContext): boolean {
  return context.input.socket.destroyed || (context.remoteAddress === undefined && context.localAddress !== undefined);
}
