import { createHash } from 'node:crypto';
import { decodeJson } from '../../core/safe-json.js';
import { type WsChallengeAttempt, type WsChallengeSubject, WsChallengeVerifier } from './ws-challenge-verifier.js';

/** What a {@link WsProofOfWork} takes. */
export interface ProofOfWorkOptions {
  /** Signs challenges: at least 32 random bytes, the same on every node, and not a key that is used for anything else. */
  readonly key: string | undefined;
  /**
   * How much work one try is, in iterations of PBKDF2. A page needs 256 tries on average: about half a second of one core
   * with the default. The server needs one.
   *
   * @default 5000
   */
  readonly cost?: number;
  /** How long a challenge is good for, in milliseconds. @default 120000 */
  readonly ttlMs?: number;
}

/** A challenge as the page gets it: `solveChallenge({ challenge, deriveKey })` of `altcha-lib` solves it. */
export interface ProofOfWorkChallenge {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly signature?: string;
}

interface Altcha {
  readonly pow: typeof import('altcha-lib');
  readonly deriveKey: import('altcha-lib/types').DeriveKeyFunction;
}

const ALGORITHM = 'PBKDF2/SHA-256';
/** One of 256 keys begins with it. */
const KEY_PREFIX = '00';
const MIN_KEY_BYTES = 32;
const LIMITS = { maxDepth: 5, maxKeys: 20, maxNodes: 40 };

/**
 * A challenge that costs the client work and nobody a service: the page finds a number whose hash begins with zeros, with
 * `altcha-lib` (an optional peer). Each challenge is bound to the address and the origin that asked for it, and is solved
 * once on all nodes.
 */
export class WsProofOfWork extends WsChallengeVerifier {
  readonly #key: string;
  readonly #cost: number;
  readonly #ttlMs: number;
  #altcha: Promise<Altcha> | undefined;

  /** @throws TypeError for a key of fewer than 32 bytes, and for numbers that are not whole and positive. */
  constructor({ key, cost = 5000, ttlMs = 120_000 }: ProofOfWorkOptions) {
    super();
    if (typeof key !== 'string' || Buffer.byteLength(key) < MIN_KEY_BYTES) {
      throw new TypeError(
        'handshake.challenge.verifier: WsProofOfWork needs a key of at least 32 random bytes; if it comes from the environment, the variable is not set or too short. ' +
          'new WsProofOfWork({ key: process.env.CHALLENGE_KEY }) // openssl rand -base64 32',
      );
    }
    for (const [name, value] of Object.entries({ cost, ttlMs })) {
      if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${name} of WsProofOfWork is a whole number.`);
    }
    this.#key = key;
    this.#cost = cost;
    this.#ttlMs = ttlMs;
  }

  override async prepare(): Promise<void> {
    await this.#load();
  }

  /** Makes a challenge for a client: send it to the page as JSON. */
  override async issue(subject: WsChallengeSubject): Promise<ProofOfWorkChallenge> {
    const { pow, deriveKey } = await this.#load();
    const challenge = await pow.createChallenge({
      algorithm: ALGORITHM,
      cost: this.#cost,
      keyPrefix: KEY_PREFIX,
      deriveKey,
      expiresAt: Math.ceil((subject.now + this.#ttlMs) / 1000),
      data: { for: bindingOf(subject) },
      hmacSignatureSecret: this.#key,
    });
    return { ...challenge, parameters: { ...challenge.parameters } };
  }

  override async verify(solution: string, attempt: WsChallengeAttempt): Promise<boolean> {
    const payload = parse(solution);
    if (payload === undefined) return false;
    const { challenge, solution: found } = payload;
    const { data, expiresAt = 0 } = challenge.parameters;
    if (data?.['for'] !== bindingOf(attempt) || expiresAt * 1000 <= attempt.now) return false;
    const { pow, deriveKey } = await this.#load();
    const { verified } = await pow.verifySolution({
      challenge,
      solution: found,
      deriveKey,
      hmacSignatureSecret: this.#key,
    });
    // What cost no work is remembered nowhere: strangers must not fill the store.
    if (!verified || challenge.signature === undefined) return false;
    return attempt.useOnce(challenge.signature, expiresAt * 1000 - attempt.now);
  }

  #load(): Promise<Altcha> {
    return (this.#altcha ??= load());
  }
}

async function load(): Promise<Altcha> {
  try {
    const [pow, { deriveKey }] = await Promise.all([import('altcha-lib'), import('altcha-lib/algorithms/pbkdf2')]);
    return { pow, deriveKey };
  } catch (cause) {
    throw new Error('handshake.challenge.verifier: WsProofOfWork needs altcha-lib: npm install altcha-lib', { cause });
  }
}

const bindingOf = ({ address, origin = '' }: Omit<WsChallengeSubject, 'now'>): string =>
  createHash('sha256')
    .update(JSON.stringify([address, origin]))
    .digest('base64url');

type Payload = import('altcha-lib/types').Payload;

/** Reads what the page sent, base64url of JSON; only its outline is checked, and the rest is covered by the signature. */
function parse(text: string): Payload | undefined {
  const decoded = decodeJson(Buffer.from(text, 'base64url').toString('utf8'), LIMITS);
  if (!decoded.ok) return undefined;
  const { challenge, solution } = (decoded.value ?? {}) as Partial<Record<keyof Payload, unknown>>;
  if (typeof challenge !== 'object' || challenge === null || typeof solution !== 'object' || solution === null) {
    return undefined;
  }
  const { parameters, signature } = challenge as Partial<Record<keyof Payload['challenge'], unknown>>;
  if (typeof parameters !== 'object' || parameters === null || typeof signature !== 'string') return undefined;
  const { data, expiresAt } = parameters as Partial<Record<string, unknown>>;
  if (typeof data !== 'object' || data === null || typeof expiresAt !== 'number') return undefined;
  return decoded.value as Payload;
}
