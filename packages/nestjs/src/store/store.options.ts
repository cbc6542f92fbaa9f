import type { OptionReader } from '../internal/option-reader.js';

/** The `store` options: what the memory of one node may hold. */
export interface StoreOptions {
  /**
   * How many keys of each kind (rate windows, scores, leases, single-use values, revocations) are kept in memory. A key
   * takes 100 to 500 bytes. At least 1000.
   *
   * Beyond it, rates and scores give up the key that is punished least and IPv6 addresses share one by /48; leases,
   * single-use values and revocations refuse new ones.
   *
   * @default 100000
   */
  readonly maxKeys?: number;
}

/** {@link StoreOptions} with defaults filled. */
export type ResolvedStoreOptions = Readonly<Required<StoreOptions>>;

/** Reads the `store` options. */
export function resolveStoreOptions(reader: OptionReader): ResolvedStoreOptions {
  // A JavaScript map ends at 2^24 entries.
  const maxKeys = reader.count('maxKeys', 100_000, { min: 1000, max: 10_000_000 });
  reader.finish();
  return Object.freeze({ maxKeys });
}
