import type { CryptoKey } from 'jose';
import type { Clock } from '../../../core/clock.js';
import type { JoseLibrary } from '../../load-jose.js';
import { IdentityProviderError, type RemoteDocuments } from '../../remote/remote-documents.js';
import { RemoteValue } from '../../remote/remote-value.js';
import type { ResolvedRemoteOptions } from '../../remote/remote.options.js';
import type { JwtAlgorithm } from '../jwt-algorithm.js';
import type { JsonObject } from '../../../core/strict-json.js';
import { readJwk, type UsableJwk } from './jwk.js';
import { JwkSet, type KeyHint, type KeySource } from './jwk-set.js';

/** More keys than any issuer publishes. */
const MAX_KEYS = 100;

/** What a {@link RemoteKeySet} is made of. */
export interface RemoteKeySetParts {
  readonly jose: JoseLibrary;
  readonly clock: Clock;
  readonly documents: RemoteDocuments;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly timing: Pick<ResolvedRemoteOptions, 'cacheMs' | 'cooldownMs'>;
  /** Where the set lies. Asked for each fetch. @throws {IdentityProviderError} when nobody knows. */
  readonly locate: () => Promise<URL>;
}

/** The key set that an issuer publishes, fetched when it is needed and as seldom as its rotation allows (AN-15). */
export class RemoteKeySet implements KeySource {
  readonly #set: RemoteValue<JwkSet>;

  constructor(private readonly parts: RemoteKeySetParts) {
    this.#set = new RemoteValue(parts.clock, parts.timing.cacheMs, () => this.#fetch());
  }

  async find(hint: KeyHint): Promise<CryptoKey | undefined> {
    const set = await this.#set.current();
    const key = await set.find(hint);
    if (key !== undefined) return key;
    if (this.#set.sinceTryMs >= this.parts.timing.cooldownMs) return (await this.#set.reload()).find(hint);
    // A key that is not in the last set that came is unknown. While none comes, it may be a new one.
    if (this.#set.failure !== undefined) throw this.#set.failure;
    return undefined;
  }

  async #fetch(): Promise<JwkSet> {
    const { jose, documents, algorithms, locate } = this.parts;
    const url = await locate();
    const document = await documents.fetch(url);
    if (document === undefined) throw new IdentityProviderError(`${url.origin}${url.pathname} answered 404.`);
    return new JwkSet(jose, usableKeys(document, algorithms));
  }
}

/** Keys for something else are left out: a set is shared by everything that its issuer signs. */
function usableKeys({ keys }: JsonObject, algorithms: readonly JwtAlgorithm[]): readonly UsableJwk[] {
  if (!Array.isArray(keys)) throw new IdentityProviderError('The key set has no list of keys.');
  const usable: UsableJwk[] = [];
  const problems: string[] = [];
  for (const jwk of keys.slice(0, MAX_KEYS)) {
    const key = readJwk(jwk, algorithms);
    if (typeof key === 'string') problems.push(`one ${key}`);
    else usable.push(key);
  }
  if (usable.length > 0) return usable;
  throw new IdentityProviderError(`The key set has no key for ${algorithms.join(', ')}. ${problems.join(' ')}`);
}
