import type { Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import type { FaultLog } from '../core/fault-log.js';
import type { CoarseTimer, Timed } from '../lifecycle/coarse-timer.js';
import type { RevocableConnection } from '../lifecycle/revocation/revocation-watch.js';
import { endSocket } from './end-socket.js';
import type { ForeignSocket } from './foreign-client.js';

/** How often a socket is looked at that may have gone, in milliseconds: nobody says so of one that was never accepted. */
const LOOK_MS = 60_000;

/** How often one is looked at that has to end and is not accepted yet, in milliseconds: Socket.IO ends none before. */
const PENDING_LOOK_MS = 1000;

/** For how long a socket may be without an identity, in milliseconds. */
const NAMELESS_MS = 10_000;

/** What the sockets of an application are watched with. */
export interface SocketWatchParts {
  readonly timer: CoarseTimer;
  readonly clock: Clock;
  readonly faults: Pick<FaultLog, 'write'>;
  /** Takes the identity of a socket away. */
  readonly forget: (socket: object) => void;
  /** The socket is gone, and not watched any more. */
  readonly onGone: (watched: WatchedSocket) => void;
}

/** One socket of another adapter, and when it has to end: with its identity, or some time after it has lost it. */
export class WatchedSocket implements Timed, RevocableConnection {
  // Weak: the timer must not keep what everybody else has forgotten.
  readonly #socket: WeakRef<ForeignSocket>;
  /** Also after it was lost: whoever revokes it means this socket. */
  #principal: Principal | undefined;
  /** When its time without an identity is over; `Infinity` while it has one. */
  #endsAt = Infinity;
  #isEnding = false;
  #isGone = false;

  constructor(
    socket: ForeignSocket,
    private readonly parts: SocketWatchParts,
  ) {
    this.#socket = new WeakRef(socket);
    // One that was never accepted does not say that it has gone.
    socket.once?.('disconnect', () => this.#goes());
  }

  /** Whether it has had an identity that could be revoked. */
  get isKnown(): boolean {
    return this.#principal !== undefined;
  }

  get principal(): Principal {
    return this.#principal as Principal;
  }

  get isOpen(): boolean {
    return !this.#isEnding && !this.#isGone && this.#socket.deref() !== undefined;
  }

  /**
   * It has this identity from now on; `undefined`: none, until it gets one or its time is over. That begins with the first
   * loss: a client that sends bad tokens over and over gets no more of it.
   */
  become(principal: Principal | undefined): void {
    const { clock, timer } = this.parts;
    const now = clock.monotonic();
    if (principal !== undefined) {
      this.#principal = principal;
      this.#endsAt = Infinity;
    } else if (this.#endsAt === Infinity) this.#endsAt = now + NAMELESS_MS;
    if (!this.#isGone) timer.schedule(this, this.#nextLook(now));
    // Whatever it gets while it has still to end, it is not to use.
    const socket = this.#socket.deref();
    if (this.#isEnding && principal !== undefined && socket !== undefined) this.parts.forget(socket);
  }

  /** It was accepted: what had to wait for that is done now. */
  accepted(): void {
    if (this.#mustEnd(this.parts.clock.monotonic())) this.#end();
  }

  onDue(now: number): number {
    const socket = this.#socket.deref();
    if (socket === undefined || isClosed(socket)) {
      this.#goes();
      return Infinity;
    }
    if (!this.#mustEnd(now)) return this.#nextLook(now);
    this.#end();
    return this.#isGone || socket.connected !== false ? Infinity : now + PENDING_LOOK_MS;
  }

  /** Ends it. Its identity is gone at once, also where Socket.IO has still to accept it. */
  close(): void {
    this.#isEnding = true;
    this.#end();
    if (!this.#isGone) this.parts.timer.schedule(this, this.parts.clock.monotonic() + PENDING_LOOK_MS);
  }

  #end(): void {
    const socket = this.#socket.deref();
    if (socket === undefined) return;
    this.#isEnding = true;
    this.parts.forget(socket);
    const wasAccepted = socket.connected !== false;
    endSocket(socket, this.parts.faults);
    // Where a listener of the application has thrown, ours was not called.
    if (wasAccepted) this.#goes();
  }

  #mustEnd(now: number): boolean {
    if (this.#isEnding) return true;
    if (this.#endsAt !== Infinity) return now >= this.#endsAt;
    const { expiresAt } = this.#principal ?? {};
    return expiresAt !== undefined && this.parts.clock.now() >= expiresAt;
  }

  #nextLook(now: number): number {
    if (this.#isEnding) return now + PENDING_LOOK_MS;
    const { expiresAt = Infinity } = this.#principal ?? {};
    const left = this.#endsAt === Infinity ? expiresAt - this.parts.clock.now() : this.#endsAt - now;
    return now + Math.min(left, LOOK_MS);
  }

  #goes(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.parts.timer.cancel(this);
    this.parts.onGone(this);
  }
}

/** Whether what is below the socket has gone, accepted or not. */
function isClosed({ conn }: ForeignSocket): boolean {
  return conn?.readyState === 'closed';
}
