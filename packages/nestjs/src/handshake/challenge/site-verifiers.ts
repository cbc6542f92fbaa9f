import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { SystemClock } from '../../core/clock.js';
import { NOT_SET, OptionReader } from '../../core/option-reader.js';
import { exchangeJson } from '../../core/remote-json.js';
import { readRemoteUrl } from '../../core/remote-url.js';
import { type WsChallengeAttempt, WsChallengeVerifier } from './ws-challenge-verifier.js';

/** What {@link turnstile}, {@link hCaptcha} and {@link reCaptcha} take. */
export interface SiteVerifierOptions {
  /** The secret of the site, as the service shows it. */
  readonly secret: string | undefined;
  /**
   * How surely it must be a person, 0 to 1, where the service answers a score: that of reCAPTCHA v3, or what hCaptcha
   * Enterprise leaves of 1, whose score tells malice.
   *
   * @default 0.5
   */
  readonly minScore?: number;
  /** Where solutions are verified, for a proxy of yours: `https`, or `http` on this machine. @default the service's own address */
  readonly url?: string;
  /** How long the service may take, in milliseconds; then nobody is let in. @default 3000 */
  readonly timeoutMs?: number;
}

/** Far above what a service answers. */
const MAX_ANSWER_BYTES = 16_384;

interface SiteVerifierParts {
  readonly secret: string;
  readonly minScore: number;
  readonly url: URL;
  readonly timeoutMs: number;
}

class SiteVerifier extends WsChallengeVerifier {
  readonly #clock = new SystemClock();

  constructor(
    private readonly name: string,
    private readonly parts: SiteVerifierParts,
    /** How surely it is a person, by the score of the service. */
    private readonly trustOf: (score: number) => number,
  ) {
    super();
  }

  /** @throws Error where the service does not answer as it should: nobody is let in then. */
  override async verify(solution: string, { address, origin }: WsChallengeAttempt): Promise<boolean> {
    const { secret, url, minScore, timeoutMs } = this.parts;
    const fields = { secret, response: solution };
    // Of an IPv6 client only the network is known here, which is not an address.
    const body = new URLSearchParams(
      address.includes('/') || address === '' ? fields : { ...fields, remoteip: address },
    );
    const headers = { accept: 'application/json' };
    const limits = { timeoutMs, maxBytes: MAX_ANSWER_BYTES };
    const answer = await exchangeJson(url, { headers, body }, limits, this.#clock);
    if (answer === undefined) throw new Error(`${this.name}: the service is not at its address.`);
    const { success, hostname, score } = answer;
    if (success !== true) return false;
    // Solved on another site, whose visitors do the work.
    if (origin !== undefined && hostname !== new URL(origin).hostname) return false;
    return score === undefined || (typeof score === 'number' && this.trustOf(score) >= minScore);
  }
}

function readParts(name: string, options: unknown, home: string): SiteVerifierParts {
  const problems = new BootProblems();
  const reader = new OptionReader(options ?? {}, `${name}()`, problems);
  const secret = reader.string('secret');
  if (secret === undefined && !reader.has('secret')) {
    reader.fail('secret', NOT_SET, `${name}({ secret: process.env.CAPTCHA_SECRET })`);
  }
  const isScore = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
  const minScore = reader.checked('minScore', isScore, 'must be a number from 0 to 1', '0.5') ?? 0.5;
  // http on this machine is a sidecar, in production too; elsewhere it would carry the secret in the clear.
  const url = readRemoteUrl(reader.has('url') ? reader.raw('url') : home, { isProduction: false });
  if (typeof url === 'string') reader.refuse('url', url, `'${home}'`);
  const timeoutMs = reader.ms('timeoutMs', 3000, { max: 30_000 });
  reader.finish();
  if (problems.problems.length > 0 || typeof url === 'string') throw new SecureWsBootError(problems.problems);
  return { secret: secret ?? '', minScore, url, timeoutMs };
}

const maker =
  (name: string, home: string, trustOf = (score: number) => score) =>
  (options: SiteVerifierOptions): WsChallengeVerifier =>
    new SiteVerifier(name, readParts(name, options, home), trustOf);

/**
 * Verifies tokens of Cloudflare Turnstile: single-use, solved on the page's own host.
 *
 * @throws {SecureWsBootError} without a secret, and for options that cannot be.
 */
export const turnstile = maker('turnstile', 'https://challenges.cloudflare.com/turnstile/v0/siteverify');

/**
 * Verifies tokens of hCaptcha: single-use, solved on the page's own host; of Enterprise with `minScore`.
 *
 * @throws {SecureWsBootError} without a secret, and for options that cannot be.
 */
export const hCaptcha = maker('hCaptcha', 'https://api.hcaptcha.com/siteverify', (score) => 1 - score);

/**
 * Verifies tokens of reCAPTCHA v2 and v3: single-use, solved on the page's own host; of v3 with `minScore`.
 *
 * @throws {SecureWsBootError} without a secret, and for options that cannot be.
 */
export const reCaptcha = maker('reCaptcha', 'https://www.google.com/recaptcha/api/siteverify');
