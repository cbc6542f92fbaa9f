import { CHALLENGE_SUBPROTOCOL_PREFIX } from '@secure-ws/protocol';
import { andThen, type Awaitable, isPromiseLike } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { HandshakeContext } from '../handshake-context.js';
import { type HandshakeRefusal, refuse } from '../handshake-refusal.js';
import { AttackDetector, type AttackRates } from './attack-detector.js';
import type { ResolvedChallengeOptions } from './challenge.options.js';
import { attemptOf, isSolution, subjectOf } from './ws-challenge.service.js';
import type { WsChallengeAttempt, WsChallengeVerifier } from './ws-challenge-verifier.js';

type Outcome = HandshakeRefusal | undefined;

/** What a {@link ChallengeCheck} is made of. */
export interface ChallengeCheckParts {
  readonly options: ResolvedChallengeOptions;
  readonly clock: Clock;
  readonly store: SecureWsStore;
  /** Throws before the application has started. */
  readonly verifier: () => WsChallengeVerifier;
  /** An attack begins, or has ended. Must not throw. */
  readonly onAttack: (attack: AttackRates | { readonly durationMs: number }) => void;
}

/** Asks for a solved challenge: after everything that costs nothing, and before any credential is verified. */
export class ChallengeCheck {
  readonly #detector: AttackDetector;

  constructor(private readonly parts: ChallengeCheckParts) {
    this.#detector = new AttackDetector(parts.options);
  }

  /** Ends an attack that is over. Called from the coarse timer with monotonic milliseconds. */
  tick(now: number): void {
    const durationMs = this.#detector.tick(now);
    if (durationMs !== undefined) this.parts.onAttack({ durationMs });
  }

  /** A credential was wrong. */
  onFailure(): void {
    this.#report(this.#detector.onFailure(this.parts.clock.monotonic()));
  }

  /** Judges one handshake. Never throws and never rejects. */
  check(context: HandshakeContext): Awaitable<Outcome> {
    this.#report(this.#detector.onHandshake(this.parts.clock.monotonic()));
    if (this.parts.options.ask === 'under-attack' && !this.#detector.isUnderAttack) return undefined;
    const solutions = context.offeredSubprotocols.filter((entry) => entry.startsWith(CHALLENGE_SUBPROTOCOL_PREFIX));
    const solution = solutions[0]?.slice(CHALLENGE_SUBPROTOCOL_PREFIX.length) ?? '';
    // Which of two counts must not depend on their order.
    if (solutions.length !== 1 || !isSolution(solution)) return refuse('challenge');
    return this.#verify(solution, context);
  }

  #verify(solution: string, context: HandshakeContext): Awaitable<Outcome> {
    const unavailable = (cause: unknown): HandshakeRefusal => refuse('challenge-unavailable', { cause });
    try {
      const verdict: Awaitable<unknown> = this.parts.verifier().verify(solution, this.#attemptOf(context));
      const outcome = andThen(verdict, (isRight) => (isRight === true ? undefined : refuse('challenge')));
      return isPromiseLike(outcome) ? outcome.catch(unavailable) : outcome;
    } catch (cause) {
      return unavailable(cause);
    }
  }

  #attemptOf({ addressKey, origin }: HandshakeContext): WsChallengeAttempt {
    const text = origin.kind === 'allowed' ? origin.text : undefined;
    return attemptOf(subjectOf(addressKey, text, this.parts.clock.now()), this.parts);
  }

  #report(rates: AttackRates | undefined): void {
    if (rates !== undefined) this.parts.onAttack(rates);
  }
}
