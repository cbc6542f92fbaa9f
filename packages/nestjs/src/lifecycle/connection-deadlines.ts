import { randomBytes } from 'node:crypto';
import type { CloseCodeName } from '@secure-ws/protocol';
import type { Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import type { BoundedSocket } from './bounded-socket.js';
import type { Timed } from './coarse-timer.js';
import type { InboundFrames } from './inbound-frames.js';
import type { ResolvedLifecycleOptions } from './lifecycle.options.js';

/** The most that a lifetime is shortened by, so that connections that began together do not end together. */
const LIFETIME_JITTER = 0.1;

/** How long a peer that goes on sending after the close has to read why, in milliseconds. */
const CUT_OFF_MS = 250;

/** The limits of one connection. */
export type ConnectionOptions = ResolvedLifecycleOptions & {
  /** How long one message may take to arrive, in milliseconds; then 1008. */
  readonly messageTimeoutMs: number;
};

/** What the deadlines see of their connection. */
export interface TimedConnection {
  readonly isOpen: boolean;
  readonly isExpired: boolean;
  readonly isPaused: boolean;
  readonly principal: Principal;
  readonly lastMessageAt: number;
  readonly inbound: InboundFrames | undefined;
  readonly socket: BoundedSocket;
  close(code: CloseCodeName): void;
  /** Tells the client that its identity ends soon. */
  remind(expiresInMs: number): void;
}

/** The deadlines of one connection: heartbeat, idleness, expiry, lifetime, slow reading and slow writing. */
export class ConnectionDeadlines implements Timed {
  /** Called when something falls due before the moment at which the coarse timer would look here. */
  onMoved: ((due: number) => void) | undefined;
  /** Called when a ping is answered, with how long that took; set where somebody observes. Must not throw. */
  onRoundTrip: ((ms: number) => void) | undefined;
  readonly #endsAt: number;
  #lookAt = Infinity;
  /** When the client is told that its identity ends, in milliseconds since 1970. */
  #remindAt: number;
  /** Monotonic moment since which bytes wait for the client. */
  #blockedSince = Infinity;
  #pingDueAt: number;
  #pongDueAt = Infinity;
  #pingPayload = '';
  /** When the ping went out that is not answered yet; `NaN` where the answer would tell nothing. */
  #pingedAt = NaN;
  #cutOffAt = Infinity;

  constructor(
    private readonly connection: TimedConnection,
    private readonly options: ConnectionOptions,
    private readonly clock: Clock,
    now: number,
  ) {
    this.#pingDueAt = now + options.pingIntervalMs;
    this.#remindAt = this.#reminderOf(connection.principal);
    this.#endsAt = now + options.maxLifetimeMs * (1 - Math.random() * LIFETIME_JITTER);
  }

  /** The first moment at which the coarse timer should look here. */
  firstDue(): number {
    return this.#nextDue(this.clock.monotonic());
  }

  /** The connection has another identity, which may end earlier or later. It lives no longer for that (SL-07). */
  onIdentity(): void {
    this.#remindAt = this.#reminderOf(this.connection.principal);
    this.#lookBy(this.#nextDueOf(this.clock.monotonic()));
  }

  /** So many bytes wait for the client. */
  onWaiting(bytes: number, now: number): void {
    if (bytes === 0) {
      this.#blockedSince = Infinity;
    } else if (this.#blockedSince === Infinity) {
      this.#blockedSince = now;
      this.#lookBy(now + this.options.maxOutboundMs);
    }
  }

  /** A message has begun to arrive and is not whole. */
  onUnfinished(since: number): void {
    this.#lookBy(since + this.options.messageTimeoutMs);
  }

  /** The peer goes on sending after the close. */
  onCutOff(): void {
    if (this.#cutOffAt !== Infinity) return;
    this.#cutOffAt = this.clock.monotonic() + CUT_OFF_MS;
    this.#lookBy(this.#cutOffAt);
  }

  /** The socket is read again: the deadlines for what it may have sent meanwhile start over. */
  onResumed(): void {
    const now = this.clock.monotonic();
    // It may have been there for a while, and nobody has read it.
    this.#pingedAt = NaN;
    if (this.#pongDueAt !== Infinity) this.#pongDueAt = now + this.options.pongTimeoutMs;
    this.connection.inbound?.restart(now);
    this.#lookBy(Math.min(this.#pongDueAt, this.#messageDueAt));
  }

  /** Takes a pong. Only the payload of the last ping counts: a pong sent blindly proves nothing about the way back. */
  onPong(payload: Buffer): void {
    if (payload.toString('latin1') !== this.#pingPayload) return;
    this.#pongDueAt = Infinity;
    if (this.onRoundTrip === undefined || Number.isNaN(this.#pingedAt)) return;
    // Once: the payload may be sent again and again.
    this.onRoundTrip(this.clock.monotonic() - this.#pingedAt);
    this.#pingedAt = NaN;
  }

  onDue(now: number): number {
    const { connection, options } = this;
    if (connection.isOpen) {
      if (connection.isExpired) connection.close('TOKEN_EXPIRED');
      else if (!connection.isPaused && now >= this.#pongDueAt) connection.close('HEARTBEAT_LOST');
      else if (this.#isBlocked(now)) connection.close('SLOW_CONSUMER');
      else if (now >= this.#messageDueAt) connection.close('POLICY_VIOLATION');
      else if (now >= this.#endsAt) connection.close('MAX_LIFETIME');
      else if (now >= connection.lastMessageAt + options.idleTimeoutMs) connection.close('IDLE');
      else if (this.clock.now() >= this.#remindAt) this.#remind();
      else if (now >= this.#pingDueAt) this.#ping(now);
    } else if (now >= this.#cutOffAt) {
      connection.socket.terminate();
      this.#cutOffAt = Infinity;
    }
    return (this.#lookAt = this.#nextDue(now));
  }

  /** When one message has been arriving for too long. Nobody reads the rest of it from a paused socket. */
  get #messageDueAt(): number {
    const { isPaused, inbound } = this.connection;
    return isPaused || inbound === undefined ? Infinity : inbound.unfinishedSince + this.options.messageTimeoutMs;
  }

  /** Whether the client has not read all of what was sent in earlier turns of the event loop. */
  get hasBacklog(): boolean {
    if (this.#blockedSince !== Infinity && this.connection.socket.bufferedAmount === 0) this.#blockedSince = Infinity;
    return this.#blockedSince !== Infinity;
  }

  #isBlocked(now: number): boolean {
    return this.hasBacklog && now >= this.#blockedSince + this.options.maxOutboundMs;
  }

  /** Half of a short life before its end: a client needs time to get a token, and one that it has just got is no news. */
  #reminderOf({ expiresAt = Infinity }: Principal): number {
    const now = this.clock.now();
    return expiresAt - Math.min(this.options.refreshBeforeMs, (expiresAt - now) / 2);
  }

  #remind(): void {
    this.#remindAt = Infinity;
    const { expiresAt = Infinity } = this.connection.principal;
    this.connection.remind(Math.max(0, expiresAt - this.clock.now()));
  }

  #ping(now: number): void {
    this.#pingDueAt = now + this.options.pingIntervalMs;
    // An unanswered ping keeps its deadline and its payload, or a client could live on by answering every other one.
    if (this.#pongDueAt !== Infinity) return;
    this.#pongDueAt = now + this.options.pongTimeoutMs;
    this.#pingedAt = this.clock.monotonic();
    this.#pingPayload = randomBytes(8).toString('hex');
    this.connection.socket.ping(this.#pingPayload);
  }

  /** Only a nearer moment is told: a client that reads in fits and starts would put off the end of its identity for ever. */
  #lookBy(due: number): void {
    if (due >= this.#lookAt) return;
    this.#lookAt = due;
    this.onMoved?.(due);
  }

  #nextDue(now: number): number {
    const { connection } = this;
    if (!connection.isOpen) return (this.#lookAt = this.#cutOffAt);
    return (this.#lookAt = this.#nextDueOf(now));
  }

  #nextDueOf(now: number): number {
    const { connection, options } = this;
    const { expiresAt } = connection.principal;
    // Expiry is wall-clock time: the distance is taken again at each look, so that a corrected clock is followed. Far
    // expiries never reach a timer, which would overflow after 24.8 days (SL-03).
    const expiryIn = expiresAt === undefined ? Infinity : expiresAt + options.expiryGraceMs - this.clock.now();
    return Math.min(
      now + Math.max(0, expiryIn),
      now + Math.max(0, this.#remindAt - this.clock.now()),
      connection.isPaused ? Infinity : this.#pongDueAt,
      connection.lastMessageAt + options.idleTimeoutMs,
      this.#pingDueAt,
      this.#endsAt,
      this.#messageDueAt,
      this.#blockedSince + options.maxOutboundMs,
    );
  }
}
