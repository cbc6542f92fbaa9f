import type { JoseLibrary } from '../../load-jose.js';
import type { AuthenticationFailure } from '../../authentication-failures.js';
import type { JwtAlgorithm } from '../jwt-algorithm.js';
import type { JwtHeader } from '../jwt-header.js';
import type { VerifiedSignature } from '../jwt-verifier.js';
import type { KeySource } from './jwk-set.js';

/** Verifies signatures with the keys of a set. */
export class JwkSetVerifier {
  constructor(
    private readonly jose: JoseLibrary,
    private readonly source: KeySource,
    private readonly algorithms: readonly JwtAlgorithm[],
  ) {}

  /**
   * Verifies a token that passed the prescreen: its signature and algorithm, and nothing else.
   *
   * @throws {IdentityProviderError} when nobody knows the keys.
   */
  async verify(token: string, { alg, kid }: JwtHeader): Promise<VerifiedSignature | AuthenticationFailure> {
    if (!this.algorithms.includes(alg)) return 'bad-algorithm';
    const key = await this.source.find({ alg, kid });
    if (key === undefined) return 'unknown-key';
    try {
      await this.jose.compactVerify(token, key, { algorithms: [alg] });
    } catch {
      return 'bad-signature';
    }
    return { keyId: kid };
  }
}
