import type { Clock } from '../../core/clock.js';
import { IdentityProviderError } from './remote-documents.js';

/** How long after a fetch that failed there is no other one, in milliseconds: an outage is not made worse by who waits. */
const RETRY_AFTER_MS = 2_000;

/** Something that is fetched when it is needed and kept for a while. All who need it wait for one fetch. */
export class RemoteValue<T> {
  #value: { readonly it: T; readonly since: number } | undefined;
  #triedAt = -Infinity;
  #failure: Error | undefined;
  #pending: Promise<T> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly cacheMs: number,
    private readonly fetch: () => Promise<T>,
  ) {}

  /** Why the last fetch failed; `undefined` when it did not. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Milliseconds since the last fetch began. */
  get sinceTryMs(): number {
    return this.clock.monotonic() - this.#triedAt;
  }

  /** The value, fetched where there is none that is fresh. @throws {IdentityProviderError} when there is none. */
  async current(): Promise<T> {
    const age = this.#value === undefined ? Infinity : this.clock.monotonic() - this.#value.since;
    if (this.#value === undefined || age >= this.cacheMs) return this.reload();
    // Early, so that an outage that is shorter than half of the time is not seen at all.
    if (age >= this.cacheMs / 2) void this.reload().catch(() => undefined);
    return this.#value.it;
  }

  /** Fetches the value again. @throws {IdentityProviderError} when it cannot be had, or could not be had a moment ago. */
  async reload(): Promise<T> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#failure !== undefined && this.sinceTryMs < RETRY_AFTER_MS) throw this.#failure;
    const since = (this.#triedAt = this.clock.monotonic());
    this.#pending = this.fetch();
    try {
      const it = await this.#pending;
      this.#value = { it, since };
      this.#failure = undefined;
      return it;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new IdentityProviderError('The document cannot be had.');
      throw error;
    } finally {
      this.#pending = undefined;
    }
  }
}
