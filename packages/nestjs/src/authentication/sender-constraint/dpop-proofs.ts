import { createHash } from 'node:crypto';
import type { JWK } from 'jose';
import type { Clock } from '../../core/clock.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import { AuthenticationError, DpopNonceRequiredError, type DpopProof } from '../authenticator.js';
import type { JoseLibrary } from '../load-jose.js';
import type { ResolvedDpopOptions } from './dpop.options.js';
import { DpopNonces } from './dpop-nonces.js';
import { CLOCK_TOLERANCE_MS, readDpopProof } from './dpop-proof.js';

/** What {@link DpopProofs} are checked with. */
export interface DpopProofsParts {
  /** @internal Left out of the declarations, which must not name a package that nobody has to install. */
  readonly jose: JoseLibrary;
  readonly store: SecureWsStore;
  readonly clock: Clock;
}

/** Checks that a client holds the key that its token was issued to. Each proof is good for one handshake. */
export class DpopProofs {
  readonly #nonces: DpopNonces | undefined;

  constructor(
    private readonly options: ResolvedDpopOptions,
    private readonly parts: DpopProofsParts,
  ) {
    this.#nonces = options.nonce === undefined ? undefined : new DpopNonces(options.nonce, parts.clock);
  }

  /** Whether a token that is bound to nothing is refused. */
  get isRequired(): boolean {
    return this.options.required;
  }

  /**
   * Checks the proof that came with a token.
   *
   * @param jkt the thumbprint of the key that the token is bound to.
   * @throws {AuthenticationError} when it proves nothing, or was used before.
   */
  async check(proof: DpopProof, token: string, jkt: string): Promise<void> {
    const { clock, store } = this.parts;
    const { algorithms, maxAgeMs } = this.options;
    const expected = { token, url: proof.url, algorithms, maxAgeMs, nowMs: clock.now() };
    const read = readDpopProof(proof.jwt, expected);
    if (read === undefined || !(await this.#isSignedBy(proof.jwt, read.jwk, jkt)))
      throw new AuthenticationError('bad-proof');
    // Last of all: who does not hold the key is told nothing about the nonce.
    if (this.#nonces !== undefined && !this.#nonces.isValid(read.nonce)) {
      throw new DpopNonceRequiredError(this.#nonces.current());
    }
    // With the key in it, so that nobody can use up the ids of another client.
    const id = createHash('sha256').update(read.jti).digest('base64url');
    // Longer than the proof can be good, also where the clock is set back meanwhile.
    const isFirst = await store.put(`dpop:${jkt}.${id}`, '1', maxAgeMs + 2 * CLOCK_TOLERANCE_MS);
    if (isFirst !== true) throw new AuthenticationError('replayed');
  }

  async #isSignedBy(proof: string, jwk: JWK, jkt: string): Promise<boolean> {
    const { calculateJwkThumbprint, compactVerify, importJWK } = this.parts.jose;
    try {
      if ((await calculateJwkThumbprint(jwk, 'sha256')) !== jkt) return false;
      await compactVerify(proof, await importJWK(jwk), { algorithms: [String(jwk.alg)] });
      return true;
    } catch {
      return false;
    }
  }
}
