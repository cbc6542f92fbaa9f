import { createHash } from 'node:crypto';
import { readSecretKeys, type SecretMaterial } from '../../authentication/secret-keys.js';
import { BootProblems, SecureWsBootError } from '../../core/boot-problems.js';
import { NOT_SET, OptionReader } from '../../core/option-reader.js';
import { decodeJson } from '../../core/safe-json.js';
import { type WsChallengeAttempt, type WsChallengeSubject, WsChallengeVerifier } from './ws-challenge-verifier.js';

/** What a {@link WsProofOfWork} takes. */
export interface ProofOfWorkOptions {
  /**
   * Signs challenges: at least 32 random bytes, the same on every node, and not a secret that is used for anything else.
   * The first of a list makes them, all check.
   */
  readonly secret: SecretMaterial;
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
const LIMITS = { maxDepth: 5, maxKeys: 20, maxNodes: 40 };

/**
 * A challenge that costs the client work and nobody a service: the page finds a number whose hash begins with zeros, with
 * `altcha-lib` (an optional peer). Each challenge is bound to the address and the origin that asked for it, and is solved
 * once on all nodes.
 */
export class WsProofOfWork extends WsChallengeVerifier {
  /** The first makes challenges, all check. The library takes text. */
  readonly #secrets: readonly string[];
  readonly #cost: number;
  readonly #ttlMs: number;
  #altcha: Promise<Altcha> | undefined;

  /** @throws {SecureWsBootError} for a secret that is missing, short or a placeholder, and for numbers that cannot be. */
  constructor(options: ProofOfWorkOptions) {
    super();
    const problems = new BootProblems();
    const reader = new OptionReader(options ?? {}, 'WsProofOfWork', problems);
    const keys = readSecretKeys(reader, 'secret', 'CHALLENGE_SECRET');
    if (keys === undefined) {
      reader.fail('secret', NOT_SET, 'new WsProofOfWork({ secret: process.env.CHALLENGE_SECRET })');
    }
    this.#secrets = (keys ?? []).map((key) => key.export().toString('base64'));
    this.#cost = reader.count('cost', 5000, { max: 10_000_000 });
    this.#ttlMs = reader.ms('ttlMs', 120_000);
    reader.finish();
    if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
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
      hmacSignatureSecret: this.#secrets[0] ?? '',
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
    let verified = false;
    for (const hmacSignatureSecret of this.#secrets) {
      ({ verified } = await pow.verifySolution({ challenge, solution: found, deriveKey, hmacSignatureSecret }));
      if (verified) break;
    }
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
