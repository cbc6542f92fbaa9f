import type { Awaitable } from '../../core/awaitable.js';

/** Who answers a challenge. */
export interface WsChallengeSubject {
  /** The client's address; an IPv6 address counts by its /64. */
  readonly address: string;
  /** The allowed origin of the page; `undefined` for a client that sent none. */
  readonly origin: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** One handshake, or one request with a form, as a {@link WsChallengeVerifier} sees it. */
export interface WsChallengeAttempt extends WsChallengeSubject {
  /**
   * Uses something up, on all nodes.
   *
   * @param id what may be used once, such as the signature of a challenge.
   * @param ttlMs for how long it is remembered: as long as it would be valid.
   * @returns `false` where it had been used.
   */
  readonly useOnce: (id: string, ttlMs: number) => Awaitable<boolean>;
}

/**
 * Tells whether a client has solved a challenge: `handshake.challenge.verifier`. There are {@link WsProofOfWork}, which
 * needs no service, and {@link turnstile}, {@link hCaptcha} and {@link reCaptcha}.
 */
export abstract class WsChallengeVerifier {
  /** Called once, before the application starts. What it throws fails the boot. */
  prepare(): Awaitable<void> {
    // Most have nothing to prepare.
  }

  /**
   * Makes a challenge for a client; only where the page cannot get one from a service.
   *
   * @throws Error where it does not make any.
   */
  issue(_subject: WsChallengeSubject): Awaitable<unknown> {
    throw new Error('The pages of this challenge get it from its service: there is nothing to issue.');
  }

  /**
   * Verifies a solution.
   *
   * @param solution what the page sent, 1 to 4096 characters of an HTTP token. Nothing about it can be believed.
   * @returns `true`, and nothing else, where it is right. A throw refuses as well, with 503: the challenge could not be
   * checked.
   */
  abstract verify(solution: string, attempt: WsChallengeAttempt): Awaitable<boolean>;
}
