import type { Cancel, Clock } from '../core/clock.js';

/** How often the timer looks, in milliseconds, unless a deadline asks for more. */
export const COARSE_TICK_MS = 250;

/** How often it looks at most, in milliseconds. */
const FINEST_TICK_MS = 10;

/** Something that the coarse timer looks at. */
export interface Timed {
  /** Does what is due at `now` (monotonic milliseconds) and answers when it wants to be looked at again. */
  onDue(now: number): number;
}

/**
 * The one timer of the module: every deadline of every connection hangs on it, so that the number of timers does not
 * grow with the number of connections.
 *
 * Entries lie in slots by the tick in which they fall due. An entry whose deadline moved (each message moves the idle
 * deadline) is not moved in its slot: it is looked at once at the old moment and answers the new one.
 */
export class CoarseTimer {
  readonly #slots = new Map<number, Set<Timed>>();
  readonly #slotOf = new Map<Timed, number>();
  readonly #everyTick: ((now: number) => void)[] = [];
  #cancel: Cancel | undefined;
  #tickMs = COARSE_TICK_MS;
  /** Monotonic moment of tick 0. */
  #origin: number;
  #tick = 0;

  constructor(private readonly clock: Clock) {
    this.#origin = clock.monotonic();
  }

  /** How many entries wait. */
  get size(): number {
    return this.#slotOf.size;
  }

  /**
   * Says how long deadlines are that will hang here, in milliseconds: each is noticed within a tenth of its length, or 20 ms.
   * Called before anything hangs here.
   */
  tolerate(...durationsMs: readonly number[]): void {
    // An interval drifts by up to a tick, and a deadline lies between two of them.
    const wanted = Math.floor(Math.min(...durationsMs) / 20);
    this.#tickMs = Math.min(this.#tickMs, Math.max(FINEST_TICK_MS, wanted));
  }

  /** Starts ticking. */
  start(): void {
    if (this.size === 0) this.#origin = this.clock.monotonic() - this.#tick * this.#tickMs;
    this.#cancel ??= this.clock.every(this.#tickMs, () => this.run(this.clock.monotonic()));
  }

  /** Stops ticking and forgets every entry. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#slots.clear();
    this.#slotOf.clear();
  }

  /** Calls `run` at each tick. */
  onTick(run: (now: number) => void): void {
    this.#everyTick.push(run);
  }

  /** Looks at an entry at `due` (monotonic milliseconds) and then whenever it asks for it. Replaces what it had. */
  schedule(entry: Timed, due: number): void {
    this.cancel(entry);
    // Never into a slot that has passed: nothing would look there again.
    const slot = Math.max(Math.ceil((due - this.#origin) / this.#tickMs), this.#tick + 1);
    let entries = this.#slots.get(slot);
    if (entries === undefined) this.#slots.set(slot, (entries = new Set()));
    entries.add(entry);
    this.#slotOf.set(entry, slot);
  }

  /** Forgets an entry. */
  cancel(entry: Timed): void {
    const slot = this.#slotOf.get(entry);
    if (slot === undefined) return;
    this.#slotOf.delete(entry);
    const entries = this.#slots.get(slot);
    entries?.delete(entry);
    if (entries?.size === 0) this.#slots.delete(slot);
  }

  /** Looks at everything that is due. Called by the timer. */
  run(now: number): void {
    const tick = Math.floor((now - this.#origin) / this.#tickMs);
    for (const run of this.#everyTick) run(now);
    // After a pause of the process more ticks may have passed than there are slots.
    const due =
      tick - this.#tick > this.#slots.size
        ? [...this.#slots.keys()].filter((slot) => slot <= tick)
        : Array.from({ length: Math.max(0, tick - this.#tick) }, (_, i) => this.#tick + 1 + i);
    this.#tick = Math.max(this.#tick, tick);
    const failures: unknown[] = [];
    for (const slot of due) this.#runSlot(slot, now, failures);
    // A fault of an entry is no less one for being told last.
    if (failures.length > 0) throw failures[0];
  }

  /** @param failures what was thrown: nothing looks at this slot once more, so that all others have their turn now. */
  #runSlot(slot: number, now: number, failures: unknown[]): void {
    const entries = this.#slots.get(slot);
    if (entries === undefined) return;
    for (const entry of [...entries]) {
      this.cancel(entry);
      try {
        const next = entry.onDue(now);
        if (Number.isFinite(next)) this.schedule(entry, next);
      } catch (error) {
        failures.push(error);
      }
    }
  }
}
