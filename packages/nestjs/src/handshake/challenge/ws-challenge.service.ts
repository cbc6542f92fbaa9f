import type { IncomingMessage } from 'node:http';
import { BadRequestException } from '@nestjs/common';
import type { Clock } from '../../core/clock.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { ResolvedHandshakeOptions } from '../handshake.options.js';
import { formatOrigin, parseOrigin } from '../origin.js';
import { addressOf, nodeRequestOf } from '../request-address.js';
import { readRequestHead } from '../request-head.js';
import type { WsChallengeAttempt, WsChallengeSubject, WsChallengeVerifier } from './ws-challenge-verifier.js';

/**
 * Makes challenges for the pages of the application, where the verifier of `handshake.challenge` makes them itself, as
 * {@link WsProofOfWork} does; and verifies those of its forms, with any verifier. Injectable.
 *
 * @example
 * ```ts
 * @Post('ws-challenge')
 * @Header('Cache-Control', 'no-store')
 * challenge(@Req() request: IncomingMessage) {
 *   return this.challenges.issue(request);
 * }
 * ```
 */
export class WsChallengeService {
  /** @internal */
  constructor(
    private readonly options: ResolvedHandshakeOptions,
    private readonly verifier: () => WsChallengeVerifier,
    private readonly parts: ChallengeAttemptParts,
  ) {}

  /**
   * Makes a challenge for whoever sent a request: bound to its address, as the handshake will see it, and to its `Origin`.
   * Browsers send that with POST, and not with a GET of their own site.
   *
   * @param request that of Node, Express or Fastify.
   * @throws BadRequestException where the forwarding fields cannot be read.
   * @throws Error where the verifier makes no challenges.
   */
  async issue(request: IncomingMessage | { readonly raw: IncomingMessage }): Promise<unknown> {
    return this.verifier().issue(this.#subjectOf(request));
  }

  /**
   * Verifies a solution that came with a request: that of a log-in form, say, after some bad passwords. It is good once,
   * here or in a handshake.
   *
   * @param solution what the page sent; whatever is no text of 1 to 4096 characters is wrong.
   * @param request as in {@link issue}.
   * @throws Error as {@link issue}, and where the solution could not be checked. Refuse then as well.
   */
  async verify(solution: unknown, request: IncomingMessage | { readonly raw: IncomingMessage }): Promise<boolean> {
    if (!isSolution(solution)) return false;
    const verdict: unknown = await this.verifier().verify(solution, attemptOf(this.#subjectOf(request), this.parts));
    return verdict === true;
  }

  #subjectOf(given: object): WsChallengeSubject {
    const request = nodeRequestOf(given);
    const head = readRequestHead(request);
    const client = addressOf(request, head.forwarding, this.options.proxies);
    if (client === undefined) throw new BadRequestException('The forwarding fields are not valid.');
    return subjectOf(client.key, normal(head.origin), this.parts.clock.now());
  }
}

/** What an attempt asks for beside its subject. */
export interface ChallengeAttemptParts {
  readonly clock: Clock;
  readonly store: SecureWsStore;
}

/** The longest solution: tokens of reCAPTCHA come near to half of it. */
const MAX_SOLUTION_LENGTH = 4096;

/** Whether something may be looked at as a solution. */
export function isSolution(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_SOLUTION_LENGTH;
}

/** Whom a challenge is bound to. @param key as `addressKey()` makes it. */
export function subjectOf(key: string, origin: string | undefined, now: number): WsChallengeSubject {
  return { address: key.replace(/^address:/, ''), origin, now };
}

/** An attempt to answer a challenge. */
export function attemptOf(
  subject: WsChallengeSubject,
  { store }: Pick<ChallengeAttemptParts, 'store'>,
): WsChallengeAttempt {
  return { ...subject, useOnce: (id, ttlMs) => store.put(`challenge:${id}`, '', ttlMs) };
}

/** As the handshake writes an allowed origin; whether it is one is judged there. */
function normal(field: string | undefined): string | undefined {
  const origin = field === undefined ? undefined : parseOrigin(field);
  return origin === undefined ? field : formatOrigin(origin);
}
