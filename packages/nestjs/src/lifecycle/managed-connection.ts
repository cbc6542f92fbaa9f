import { randomBytes } from 'node:crypto';
import { CLOSE_CODES, type CloseCodeName, formatCloseReason, type Subprotocol } from '@secure-ws/protocol';
import type { Principal } from '../core/principal.js';
import type { Clock } from '../core/clock.js';
import { type BoundedSocket, isLargerThan, type OutboundData, type OutboundWatch } from './bounded-socket.js';
import type { Timed } from './coarse-timer.js';
import type { ResolvedLifecycleOptions } from './lifecycle.options.js';
import { hasUnfinishedMessage } from '../nest/unfinished-message.js';
import type { WsConnection } from '../core/ws-connection.js';

/** The most that a lifetime is shortened by, so that connections that began together do not end together. */
const LIFETIME_JITTER = 0.1;

/** How often an unfinished message is looked for within its deadline. */
const DRIP_LOOKS = 4;

/** The limits of one connection. */
export type ConnectionOptions = ResolvedLifecycleOptions & {
  /** How long one message may take to arrive, in milliseconds; then 1008. */
  readonly messageTimeoutMs: number;
};

/** What runs for a connection. */
export interface ConnectionWork {
  /** Takes no further message, and calls back once nothing runs any more. */
  finish(done: () => void): void;
  /** Ends and forgets everything: the connection is gone. */
  dispose(): void;
}

/**
 * What became of a message. One that is `too-big` is larger than `lifecycle.maxOutboundBytes`: it was not sent, and the
 * connection stays open.
 */
export type SendOutcome = 'sent' | 'too-big' | 'closed';

/** What the handshake found out about a connection. */
export interface ConnectionIdentity {
  readonly id: string;
  readonly principal: Principal;
  readonly path: string;
  readonly address: string;
  readonly origin: string | undefined;
  readonly subprotocol: Subprotocol | undefined;
}

/**
 * The module's side of a connection: its state, its close, and its deadlines (heartbeat, idle, expiry), which hang on
 * the coarse timer.
 */
export class ManagedConnection implements WsConnection, Timed, OutboundWatch {
  readonly id: string;
  readonly path: string;
  readonly address: string;
  readonly origin: string | undefined;
  readonly subprotocol: Subprotocol | undefined;
  readonly openedAt: number;
  epoch = 0;
  /** The close that this server sent, if it did. */
  closing: CloseCodeName | undefined;
  messagesReceived = 0;
  bytesReceived = 0;
  /** Monotonic moment of the last application message that counts against idleness. */
  lastMessageAt: number;
  /** What runs for it; set by whoever runs it. */
  work: ConnectionWork | undefined;
  /** Called when a deadline came nearer than the coarse timer knows. */
  onDeadlineMoved: ((due: number) => void) | undefined;
  // Private, and read through a getter: nothing that a handler assigns changes who is connected (AN-14).
  readonly #principal: Principal;
  readonly #endsAt: number;
  /** Monotonic moment since which bytes wait for the client. */
  #blockedSince = Infinity;
  #onDrain: (() => void)[] | undefined;
  #sendWatches: Set<(data: OutboundData) => void> | undefined;
  #unfinishedSince = Infinity;
  #unfinishedAfter = 0;
  #lookForDripAt: number;
  #pingDueAt: number;
  #pongDueAt = Infinity;
  #pingPayload = '';
  #isPaused = false;

  constructor(
    identity: ConnectionIdentity,
    readonly socket: BoundedSocket,
    private readonly clock: Clock,
    private readonly options: ConnectionOptions,
  ) {
    this.id = identity.id;
    this.#principal = identity.principal;
    this.path = identity.path;
    this.address = identity.address;
    this.origin = identity.origin;
    this.subprotocol = identity.subprotocol;
    this.openedAt = clock.now();
    const now = clock.monotonic();
    this.lastMessageAt = now;
    this.#pingDueAt = now + options.pingIntervalMs;
    this.#endsAt = now + options.maxLifetimeMs * (1 - Math.random() * LIFETIME_JITTER);
    this.#lookForDripAt = now + options.messageTimeoutMs / DRIP_LOOKS;
    socket.watch(this);
  }

  get principal(): Principal {
    return this.#principal;
  }

  get isOpen(): boolean {
    return this.closing === undefined && this.socket.readyState === 1;
  }

  /** Whether the identity has ended. Checked for each message: the timer may be late (SL-02). */
  get isExpired(): boolean {
    const { expiresAt } = this.principal;
    return expiresAt !== undefined && this.clock.now() >= expiresAt + this.options.expiryGraceMs;
  }

  send(event: string, data?: unknown): boolean {
    if (!this.isOpen) return false;
    try {
      return this.sendText(JSON.stringify({ event, data }));
    } catch {
      return false;
    }
  }

  /** Sends a message that is serialised already. */
  sendText(text: string): boolean {
    return this.offer(text) === 'sent';
  }

  /** Sends a message that is serialised already, unless it alone is more than may ever wait for a client. */
  offer(text: string): SendOutcome {
    if (!this.isOpen) return 'closed';
    if (isLargerThan(text, this.options.maxOutboundBytes)) return 'too-big';
    this.socket.send(text);
    return 'sent';
  }

  /** Whether a source that can wait should send its next message now: the client is open, and keeps up. */
  get canSend(): boolean {
    return this.isOpen && !this.socket.needsDrain;
  }

  /**
   * Calls `resume` once, as soon as {@link canSend} may be true again. Never after the close: what waits then is disposed of
   * with the rest. `resume` must not throw.
   */
  onDrain(resume: () => void): void {
    if (!this.socket.needsDrain) resume();
    else if (this.#onDrain === undefined) {
      this.#onDrain = [resume];
      this.socket.awaitDrain();
    } else this.#onDrain.push(resume);
  }

  onDrained(): void {
    this.#blockedSince = Infinity;
    const waiting = this.#onDrain ?? [];
    this.#onDrain = undefined;
    if (this.isOpen) for (const resume of waiting) resume();
  }

  /** Calls `watch` with every message that is sent to the client, until the answer of this is called. */
  watchSends(watch: (data: OutboundData) => void): () => void {
    const watches = (this.#sendWatches ??= new Set());
    watches.add(watch);
    return () => {
      watches.delete(watch);
    };
  }

  beforeSend(data: OutboundData): boolean {
    if (this.closing !== undefined) return false;
    for (const watch of this.#sendWatches ?? []) watch(data);
    if (!isLargerThan(data, this.options.maxOutboundBytes)) return true;
    // Sent through the raw client, where nobody can be answered: the client at least learns that it misses something.
    this.close('SLOW_CONSUMER');
    return false;
  }

  afterFlush(waitingBytes: number): void {
    const now = this.clock.monotonic();
    if (this.options.idleCounts === 'both') this.lastMessageAt = now;
    if (waitingBytes === 0) {
      this.#blockedSince = Infinity;
    } else if (waitingBytes > this.options.maxOutboundBytes) {
      this.close('SLOW_CONSUMER');
    } else if (this.#blockedSince === Infinity) {
      this.#blockedSince = now;
      // The nearest deadline, not only this one: what is scheduled is replaced, and a client that reads in fits and
      // starts would put off the end of its identity for ever.
      this.onDeadlineMoved?.(this.#nextDue(now));
    }
  }

  close(code: CloseCodeName, retryAfterMs?: number): void {
    if (this.closing !== undefined) return;
    // First of all: a code or a hint that throws must not leave a connection that counts as closed and that nothing ends.
    const { code: number, word } = CLOSE_CODES[code];
    const reason = formatCloseReason(word, retryAfterMs);
    this.closing = code;
    this.epoch++;
    // A paused socket never reads the peer's Close frame, and the closing handshake would run into its time-out.
    this.resume();
    this.socket.close(number, reason);
  }

  /** Takes note that `ws` has failed the connection with a code: nothing of the peer is handled any more (TR-09). */
  failed(code: CloseCodeName): void {
    if (this.closing !== undefined) return;
    this.closing = code;
    this.epoch++;
  }

  /** Stops reading from the socket. The heartbeat is suspended: a paused socket sees no pong. */
  pause(): void {
    if (this.#isPaused || !this.isOpen) return;
    this.#isPaused = true;
    this.socket.pause();
  }

  /** Reads from the socket again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#pongDueAt !== Infinity) this.#pongDueAt = this.clock.monotonic() + this.options.pongTimeoutMs;
    this.socket.resume();
  }

  /** Takes a pong. Only the payload of the last ping counts: a pong sent blindly proves nothing about the way back. */
  onPong(payload: Buffer): void {
    if (payload.toString('latin1') === this.#pingPayload) this.#pongDueAt = Infinity;
  }

  /** The first moment at which the coarse timer should look here. */
  firstDue(): number {
    return this.#nextDue(this.clock.monotonic());
  }

  onDue(now: number): number {
    if (!this.isOpen) return Infinity;
    if (this.isExpired) this.close('TOKEN_EXPIRED');
    else if (!this.#isPaused && now >= this.#pongDueAt) this.close('HEARTBEAT_LOST');
    else if (this.#isBlocked(now)) this.close('SLOW_CONSUMER');
    else if (this.#isDripping(now)) this.close('POLICY_VIOLATION');
    else if (now >= this.#endsAt) this.close('MAX_LIFETIME');
    else if (now >= this.lastMessageAt + this.options.idleTimeoutMs) this.close('IDLE');
    else if (now >= this.#pingDueAt) this.#ping(now);
    return this.isOpen ? this.#nextDue(now) : Infinity;
  }

  #isBlocked(now: number): boolean {
    if (this.#blockedSince !== Infinity && this.socket.bufferedAmount === 0) this.#blockedSince = Infinity;
    return now >= this.#blockedSince + this.options.maxOutboundMs;
  }

  /** Whether one message has been arriving for too long. */
  #isDripping(now: number): boolean {
    this.#lookForDripAt = now + this.options.messageTimeoutMs / DRIP_LOOKS;
    if (this.#isPaused || !hasUnfinishedMessage(this.socket)) {
      this.#unfinishedSince = Infinity;
    } else if (this.#unfinishedSince === Infinity || this.#unfinishedAfter !== this.messagesReceived) {
      // A message that has begun since the last look is another one, with a deadline of its own.
      this.#unfinishedSince = now;
      this.#unfinishedAfter = this.messagesReceived;
    }
    return now >= this.#unfinishedSince + this.options.messageTimeoutMs;
  }

  #ping(now: number): void {
    this.#pingDueAt = now + this.options.pingIntervalMs;
    // An unanswered ping keeps its deadline and its payload, or a client could live on by answering every other one.
    if (this.#pongDueAt !== Infinity) return;
    this.#pongDueAt = now + this.options.pongTimeoutMs;
    this.#pingPayload = randomBytes(8).toString('hex');
    this.socket.ping(this.#pingPayload);
  }

  #nextDue(now: number): number {
    const { expiresAt } = this.principal;
    // Expiry is wall-clock time: the distance is taken anew at each look, so that a corrected clock is followed. Far
    // expiries never reach a timer, which would overflow after 24.8 days (SL-03).
    const expiryIn = expiresAt === undefined ? Infinity : expiresAt + this.options.expiryGraceMs - this.clock.now();
    return Math.min(
      now + Math.max(0, expiryIn),
      this.#isPaused ? Infinity : this.#pongDueAt,
      this.lastMessageAt + this.options.idleTimeoutMs,
      this.#pingDueAt,
      this.#endsAt,
      this.#lookForDripAt,
      this.#blockedSince + this.options.maxOutboundMs,
    );
  }
}
