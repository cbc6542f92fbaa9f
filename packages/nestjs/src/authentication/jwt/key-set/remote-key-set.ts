import type { CryptoKey } from 'jose';
import type { Clock } from '../../../core/clock.js';
import type { JoseLibrary } from '../../jose.js';
import { IdentityProviderError, type RemoteDocuments } from '../../remote/remote-documents.js';
import type { ResolvedRemoteOptions } from '../../remote/remote.options.js';
import type { JwtAlgorithm } from '../jwt-algorithm.js';
import type { JsonObject } from '../strict-json.js';
import { readJwk, type UsableJwk } from './jwk.js';
import { JwkSet, type KeyHint, type KeySource } from './jwk-set.js';

/** More keys than any issuer publishes. */
const MAX_KEYS = 100;

/** How long after a fetch that failed there is no other one, in milliseconds: an outage is not made worse by who waits. */
const RETRY_AFTER_MS = 2_000;

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
  #set: JwkSet | undefined;
  #loadedAt = -Infinity;
  #triedAt = -Infinity;
  /** Why the last fetch failed; `undefined` when it did not. */
  #failure: Error | undefined;
  #pending: Promise<JwkSet> | undefined;

  constructor(private readonly parts: RemoteKeySetParts) {}

  async find(hint: KeyHint): Promise<CryptoKey | undefined> {
    const { clock, timing } = this.parts;
    const age = clock.monotonic() - this.#loadedAt;
    const isFresh = age < timing.cacheMs;
    // Early, so that an outage that is shorter than half of it is not seen at all.
    if (isFresh && age >= timing.cacheMs / 2) void this.#load().catch(() => undefined);
    const set = isFresh && this.#set !== undefined ? this.#set : await this.#load();
    const key = await set.find(hint);
    if (key !== undefined) return key;
    if (clock.monotonic() - this.#triedAt >= timing.cooldownMs) return (await this.#load()).find(hint);
    // A key that is not in the last set that came is unknown. While none comes, it may be a new one.
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  /** All who need the set wait for one fetch. */
  async #load(): Promise<JwkSet> {
    if (this.#pending !== undefined) return this.#pending;
    const now = this.parts.clock.monotonic();
    if (this.#failure !== undefined && now - this.#triedAt < RETRY_AFTER_MS) throw this.#failure;
    this.#triedAt = now;
    this.#pending = this.#fetch();
    try {
      this.#set = await this.#pending;
      this.#loadedAt = now;
      this.#failure = undefined;
      return this.#set;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new IdentityProviderError('The key set cannot be had.');
      throw error;
    } finally {
      this.#pending = undefined;
    }
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
    if (typeof key === 'string') problems.push(key);
    else usable.push(key);
  }
  if (usable.length > 0) return usable;
  throw new IdentityProviderError(`The key set has no key for ${algorithms.join(', ')}: ${problems.join(' One ')}`);
}
