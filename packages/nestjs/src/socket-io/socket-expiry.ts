import type { Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import type { CoarseTimer, Timed } from '../lifecycle/coarse-timer.js';
import type { ForeignSocket } from './foreign-client.js';

/** How often a socket is looked at that may have gone, in milliseconds: nobody says so of one that was never accepted. */
const LOOK_MS = 60_000;

/**
 * Ends the sockets of another adapter as their identities end (SL-02), and with them their streams and the rooms that they
 * are in: no message may come for a long time, and theirs is no business of a guard until then.
 */
export class SocketExpiry {
  readonly #watched = new WeakMap<object, Timed>();

  constructor(
    private readonly timer: CoarseTimer,
    private readonly clock: Clock,
  ) {}

  /** A socket has this identity from now on. One that is taken away from it, and not replaced, ends the socket as late. */
  watch(socket: ForeignSocket, { expiresAt }: Principal): void {
    const before = this.#watched.get(socket);
    if (before !== undefined) this.timer.cancel(before);
    this.#watched.delete(socket);
    if (expiresAt === undefined) return;
    // Weak: the timer must not keep what everybody else has forgotten.
    const reference = new WeakRef(socket);
    const entry: Timed = { onDue: (now) => this.#look(reference.deref(), expiresAt, now) };
    this.#watched.set(socket, entry);
    this.timer.schedule(entry, this.#nextLook(expiresAt, this.clock.monotonic()));
  }

  #look(socket: ForeignSocket | undefined, expiresAt: number, now: number): number {
    if (socket === undefined || socket.connected === false) return Infinity;
    if (this.clock.now() < expiresAt) return this.#nextLook(expiresAt, now);
    socket.disconnect?.(true);
    return Infinity;
  }

  #nextLook(expiresAt: number, now: number): number {
    return now + Math.min(expiresAt - this.clock.now(), LOOK_MS);
  }
}
