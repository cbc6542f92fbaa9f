import type { Clock } from '../core/clock.js';
import type { SecureWsStore, StoreForgery } from './secure-ws.store.js';

/** How often it is told, in milliseconds: whoever writes to the store decides how much there is to find. */
const TELL_EVERY_MS = 60_000;

/** Is told what was found, and how often since it was told last. Must not throw. */
export type ForgeryListener = (what: StoreForgery, count: number) => void;

/** Tells what in a shared store no node of this application has written: at once, and then once a minute at most. */
export class ForgeryReports {
  readonly #found = new Map<StoreForgery, number>();
  readonly #listeners: ForgeryListener[] = [];
  #nextAt = -Infinity;
  readonly #end: () => void;

  constructor(
    shared: SecureWsStore,
    private readonly clock: Clock,
  ) {
    this.#end = shared.onForged((what) => this.note(what));
  }

  /** Tells one more listener, from now on. */
  onFound(listener: ForgeryListener): void {
    this.#listeners.push(listener);
  }

  /** Notes something that was found. */
  note(what: StoreForgery): void {
    this.#found.set(what, (this.#found.get(what) ?? 0) + 1);
  }

  /** Tells what was found. Called several times a second. */
  tick(): void {
    const now = this.clock.monotonic();
    if (this.#found.size === 0 || now < this.#nextAt) return;
    this.#nextAt = now + TELL_EVERY_MS;
    const found = [...this.#found];
    this.#found.clear();
    for (const [what, count] of found) for (const each of this.#listeners) each(what, count);
  }

  /** Hears nothing more from the shared store, which lives on. */
  close(): void {
    this.#end();
  }
}
