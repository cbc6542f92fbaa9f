/**
 * The keys of one issuer. Each issuer has its own ring, so that nobody can speak for another one (RFC 8725 section 3.8).
 */
export class JwtKeyRing<Key extends { readonly kid: string | undefined }> {
  /** A Map: with an object, the `kid` `constructor` would find a function (measured: the library then never answers). */
  readonly #byKid = new Map<string, Key>();
  readonly #only: Key | undefined;

  constructor(keys: readonly Key[]) {
    for (const key of keys) {
      if (key.kid !== undefined) this.#byKid.set(key.kid, key);
    }
    this.#only = keys.length === 1 && this.#byKid.size === 0 ? keys[0] : undefined;
  }

  /**
   * The one key that a token may have been signed with; keys are never tried one after the other. An issuer with a single
   * key without `kid` uses it for every token, whatever `kid` that names.
   */
  find(kid: string | undefined): Key | undefined {
    if (this.#only !== undefined) return this.#only;
    return kid === undefined ? undefined : this.#byKid.get(kid);
  }
}
