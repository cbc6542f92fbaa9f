import type { CryptoKey, JSONWebKeySet } from 'jose';
import type { JoseLibrary } from '../../load-jose.js';
import type { JwtHeader } from '../jwt-header.js';
import type { UsableJwk } from './jwk.js';

/** What a token says of its key. */
export type KeyHint = Pick<JwtHeader, 'alg' | 'kid'>;

/** Where the keys of an issuer come from. */
export interface KeySource {
  /**
   * The one key that a token may have been signed with.
   *
   * @throws {IdentityProviderError} when nobody knows.
   */
  find(hint: KeyHint): Promise<CryptoKey | undefined>;
}

type Finder = ReturnType<JoseLibrary['createLocalJWKSet']>;

/** A key set at hand. A key that has a `kid` is for tokens that name it; one without is for tokens that name none. */
export class JwkSet implements KeySource {
  readonly #named: Finder;
  readonly #nameless: Finder;

  constructor(
    private readonly jose: JoseLibrary,
    keys: readonly UsableJwk[],
  ) {
    const finderOf = (some: readonly UsableJwk[]): Finder =>
      jose.createLocalJWKSet({ keys: some } as unknown as JSONWebKeySet);
    this.#named = finderOf(keys);
    this.#nameless = finderOf(keys.filter(({ kid }) => kid === undefined));
  }

  async find({ alg, kid }: KeyHint): Promise<CryptoKey | undefined> {
    try {
      return await (kid === undefined ? this.#nameless({ alg }) : this.#named({ alg, kid }));
    } catch (error) {
      const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys } = this.jose.errors;
      // Of several that fit, none is tried: keys are never tried one after the other.
      if (error instanceof JWKSNoMatchingKey || error instanceof JWKSMultipleMatchingKeys) return undefined;
      throw error;
    }
  }
}
