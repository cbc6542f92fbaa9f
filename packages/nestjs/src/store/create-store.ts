import { Logger } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import { MemoryStore } from './memory.store.js';
import { DEFAULT_RESILIENT_STORE_RULES, ResilientStore } from './resilient.store.js';
import type { SecureWsStore } from './secure-ws.store.js';
import type { StoreHealthListener } from './store-health.js';
import type { ResolvedStoreOptions } from './store.options.js';

/** Makes the store of an application: the memory of this node, or the shared one with this memory behind it. */
export function createStore({ maxKeys, shared }: ResolvedStoreOptions, clock: Clock): SecureWsStore {
  const local = new MemoryStore(clock, { maxKeys });
  if (shared === undefined) return local;
  return new ResilientStore(shared, local, clock, DEFAULT_RESILIENT_STORE_RULES, new OutageLog());
}

/** Tells the operator when the nodes no longer count together. */
class OutageLog implements StoreHealthListener {
  readonly #logger = new Logger('SecureWs');

  onAway(): void {
    this.#logger.error(
      'The shared store does not answer: this node counts by itself, and admits nobody new after 30 s.',
    );
  }

  onBack(awayMs: number): void {
    this.#logger.warn(`The shared store answers again, after ${Math.round(awayMs)} ms.`);
  }
}
