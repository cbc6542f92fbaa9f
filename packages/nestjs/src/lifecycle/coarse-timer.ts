import type { Cancel, Clock } from '../core/clock.js';

/** How late a deadline may be noticed, in milliseconds. */
export const COARSE_TICK_MS = 250;

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
  #tick: number;

  constructor(private readonly clock: Clock) {
    this.#tick = tickAt(clock.monotonic());
  }

  /** How many entries wait. */
  get size(): number {
    return this.#slotOf.size;
  }

  /** Starts ticking. */
  start(): void {
    this.#cancel ??= this.clock.every(COARSE_TICK_MS, () => {
      this.run(this.clock.monotonic());
    });
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
    const slot = Math.max(tickAt(due) + 1, this.#tick + 1);
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
    const tick = tickAt(now);
    for (const run of this.#everyTick) run(now);
    // After a pause of the process more ticks may have passed than there are slots.
    const due =
      tick - this.#tick > this.#slots.size
        ? [...this.#slots.keys()].filter((slot) => slot <= tick)
        : Array.from({ length: Math.max(0, tick - this.#tick) }, (_, i) => this.#tick + 1 + i);
    this.#tick = Math.max(this.#tick, tick);
    for (const slot of due) this.#runSlot(slot, now);
  }

  #runSlot(slot: number, now: number): void {
    const entries = this.#slots.get(slot);
    if (entries === undefined) return;
    for (const entry of [...entries]) {
      this.cancel(entry);
      const next = entry.onDue(now);
      if (Number.isFinite(next)) this.schedule(entry, next);
    }
  }
}

const tickAt = (moment: number): number => Math.floor(moment / COARSE_TICK_MS);
