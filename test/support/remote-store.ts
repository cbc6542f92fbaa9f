import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { SecureWsStore } from '../../packages/nestjs/src/store/index.js';
import type { Clock } from '@secure-ws/nestjs';

const CALLS = ['hit', 'admit', 'renew', 'release', 'charge', 'put', 'take', 'revoke', 'revocations'] as const;

/** A call that the store is asked. */
export type StoreCall = (typeof CALLS)[number];

/** A store in another place: it answers after a turn of the event loop, can lose its data, be away, and counts what it is asked. */
export class RemoteStore {
  readonly store: SecureWsStore;
  readonly calls: StoreCall[] = [];
  isClosed = false;
  isAway = false;
  memory: MemoryStore;

  constructor(readonly clock: Clock) {
    this.memory = this.#fresh();
    const later =
      (name: StoreCall) =>
      async (...args: never[]) => {
        this.calls.push(name);
        await new Promise((resolve) => setImmediate(resolve));
        if (this.isAway) throw new Error('ECONNREFUSED');
        return Reflect.apply(this.memory[name], this.memory, args) as unknown;
      };
    const calls = Object.fromEntries(CALLS.map((name) => [name, { value: later(name) }]));
    const close = { value: () => (this.isClosed = true) };
    this.store = Object.create(SecureWsStore.prototype, { ...calls, close }) as SecureWsStore;
  }

  /** How often it was asked something. */
  count(name: StoreCall): number {
    return this.calls.filter((call) => call === name).length;
  }

  /** Loses everything, as a restart without a dump does. */
  wipe(): void {
    this.memory = this.#fresh();
  }

  #fresh(): MemoryStore {
    return new MemoryStore(this.clock, { maxKeys: 1000 });
  }
}
