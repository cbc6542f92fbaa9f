import type { ClassOrInstance, OptionReader } from '../../core/option-reader.js';
import type { AttackThresholds } from './attack-detector.js';
import { WsChallengeVerifier } from './ws-challenge-verifier.js';

/** `handshake.challenge`: what a client must solve before its credential is looked at. */
export interface ChallengeOptions {
  /** Tells whether a solution is right: {@link WsProofOfWork}, {@link turnstile}, or a class of yours. Required. */
  readonly verifier: ClassOrInstance<WsChallengeVerifier>;
  /**
   * Whether everybody is asked, or everybody while there is an attack on this node. Programs that cannot solve one are
   * asked as well.
   *
   * @default 'under-attack'
   */
  readonly ask?: 'always' | 'under-attack';
  /** Handshakes a second, over ten seconds, above which there is an attack. @default 100 */
  readonly handshakesPerSecond?: number;
  /** Wrong credentials a second, over ten seconds, above which there is an attack. @default 10 */
  readonly failuresPerSecond?: number;
  /** How long both rates stay below half of that before the attack counts as over, in milliseconds. @default 60000 */
  readonly calmMs?: number;
}

/** {@link ChallengeOptions} with defaults filled. */
export interface ResolvedChallengeOptions extends AttackThresholds {
  readonly verifier: ClassOrInstance<WsChallengeVerifier>;
  readonly ask: 'always' | 'under-attack';
}

const EXAMPLE = 'new WsProofOfWork({ secret: process.env.CHALLENGE_SECRET })';

/** Reads `handshake.challenge`. @returns `undefined` where nobody is asked. */
export function readChallenge(parent: OptionReader): ResolvedChallengeOptions | undefined {
  if (!parent.has('challenge')) return undefined;
  const reader = parent.object('challenge');
  const verifier = reader.classOrInstance('verifier', WsChallengeVerifier, EXAMPLE);
  const resolved = {
    ask: reader.oneOf('ask', ['always', 'under-attack'], 'under-attack'),
    handshakesPerSecond: reader.count('handshakesPerSecond', 100),
    failuresPerSecond: reader.count('failuresPerSecond', 10),
    calmMs: reader.ms('calmMs', 60_000),
  };
  reader.finish();
  if (verifier !== undefined) return Object.freeze({ verifier, ...resolved });
  if (!reader.has('verifier')) reader.refuse('verifier', 'is missing: nothing tells who has solved it.', EXAMPLE);
  return undefined;
}
