/** What the benchmark uses of the store of one node, which no entry point exports. */
export interface RateStore {
  hit(key: string, rules: readonly { readonly limit: number; readonly ttl: number }[]): number;
}

interface StoreModule {
  readonly MemoryStore: new (clock: unknown, options: { readonly maxKeys: number }) => RateStore;
}

/** Makes the memory store as it is published, over a clock that the benchmark moves. */
export async function createRateStore(clock: { monotonic(): number }, maxKeys: number): Promise<RateStore> {
  const entry = import.meta.resolve('@secure-ws/nestjs');
  const { MemoryStore } = (await import(new URL('store/memory.store.js', entry).href)) as StoreModule;
  return new MemoryStore(clock, { maxKeys });
}
