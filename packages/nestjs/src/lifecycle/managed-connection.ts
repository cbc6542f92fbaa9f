import { CLOSE_CODES, type CloseCodeName, formatCloseReason } from '@secure-ws/protocol';
import { giveUp } from '../core/give-up.js';
import { plainJson } from '../core/plain-json.js';
import { refuseReservedEvent } from '../core/reserved-event.js';
import type { ProvedCertificate } from '../core/proved-certificate.js';
import type { Principal } from '../core/principal.js';
import type { Clock } from '../core/clock.js';
import { type BoundedSocket, bytesOf, isLargerThan, type OutboundData, type OutboundWatch } from './bounded-socket.js';
import { ConnectionDeadlines, type ConnectionOptions } from './connection-deadlines.js';
import type { InboundFrames } from './inbound-frames.js';
import type { ObservedSend } from '../core/observer.js';
import type { WireFormat } from '../core/wire-format.js';
import type { OutputWriter, WsSendOptions } from '../core/output.js';
import type { WsConnection, WsSendOutcome } from '../core/ws-connection.js';
import { ConnectionLabels } from './connection-labels.js';
import type { ConnectionIdentity, ConnectionWork } from './connection-parts.js';

/**
 * What became of a message. One that is `too-big` is larger than `lifecycle.maxOutboundBytes`: it was not sent, and the
 * connection stays open.
 */
export type SendOutcome = Exclude<WsSendOutcome, 'dropped'> | 'too-big';

/** The event by which a client is told to refresh. */
const REFRESH_EVENT = '$refresh';

/** The closes by which this side fails a connection: RFC 6455 section 7.1.7 lets nothing of the peer be read after them. */
const FAILURES: ReadonlySet<CloseCodeName> = new Set<CloseCodeName>([
  'PROTOCOL_ERROR',
  'UNSUPPORTED_DATA',
  'INVALID_PAYLOAD',
  'POLICY_VIOLATION',
  'TOO_BIG',
]);

/** The module's side of a connection: its state, what it sends, and its close. */
export class ManagedConnection implements WsConnection, OutboundWatch {
  readonly id: string;
  readonly path: string;
  readonly address: string;
  readonly origin: string | undefined;
  readonly openedAt: number;
  readonly serverCertificate: () => string | undefined;
  readonly certificate: ProvedCertificate | undefined;
  epoch = 0;
  /** The close that this server sent, if it did. */
  closing: CloseCodeName | undefined;
  messagesReceived = 0;
  bytesReceived = 0;
  messagesSent = 0;
  /** Monotonic moment of the last application message that counts against idleness. */
  lastMessageAt: number;
  /** What runs for it; set by whoever runs it. */
  work: ConnectionWork | undefined;
  /** What of the application's data may go out; set by whoever runs it. */
  outputs: OutputWriter | undefined;
  /** What the client sends, as it arrives; set by whoever reads it. */
  inbound: InboundFrames | undefined;
  /** Finds out now whether the identity still holds; set where there is somebody to ask. */
  revalidate: (() => void) | undefined;
  /** Is told of every message to the client; set where somebody observes. Must not throw. */
  onSend: ((send: ObservedSend) => void) | undefined;
  /** What is being sent, as the application names it; for whoever observes. */
  #sending: string | undefined;
  readonly deadlines: ConnectionDeadlines;
  // Private, and read through a getter: nothing that a handler assigns changes who is connected, or what is spoken (AN-14).
  #principal: Principal;
  readonly #wire: WireFormat;
  readonly #labels = new ConnectionLabels();
  #onDrain: (() => void)[] | undefined;
  #sendWatches: Set<(data: OutboundData) => void> | undefined;
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
    this.#wire = identity.wire;
    this.serverCertificate = identity.serverCertificate ?? (() => undefined);
    this.certificate = identity.certificate;
    this.openedAt = clock.now();
    this.lastMessageAt = clock.monotonic();
    this.deadlines = new ConnectionDeadlines(this, options, clock, this.lastMessageAt);
    socket.watch(this);
  }

  get principal(): Principal {
    return this.#principal;
  }

  get wire(): WireFormat {
    return this.#wire;
  }

  get subprotocol(): string | undefined {
    return this.#wire.subprotocol;
  }

  get isOpen(): boolean {
    return this.closing === undefined && this.socket.readyState === 1;
  }

  /** Whether the socket is not read at the moment. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Takes another identity of the same principal: whatever was judged under the old one is judged again (SL-11). */
  adopt(principal: Principal): void {
    this.#principal = principal;
    this.epoch++;
    this.deadlines.onIdentity();
  }

  /** Tells a client that it should send a fresh credential: how long the one that it has is still good. */
  remind(expiresInMs: number): void {
    if (this.#wire.hasModuleEvents) this.#sendJson(REFRESH_EVENT, { expiresInMs });
  }

  /** Whether the identity has ended. Checked for each message: the timer may be late (SL-02). */
  get isExpired(): boolean {
    const { expiresAt } = this.principal;
    return expiresAt !== undefined && this.clock.now() >= expiresAt + this.options.expiryGraceMs;
  }

  get labels(): ReadonlyMap<string, string> {
    return this.#labels.all;
  }

  label(name: string): string | undefined {
    return this.#labels.get(name);
  }

  setLabel(name: string, value: string | undefined): void {
    this.#labels.set(name, value);
  }

  send(event: string, data?: unknown, options?: WsSendOptions): WsSendOutcome {
    refuseReservedEvent(event, data);
    if (!this.isOpen) {
      giveUp(data);
      return 'closed';
    }
    const { outputs } = this;
    if (options === undefined && outputs?.demandsDeclaration === false) return this.#sendJson(event, data);
    const view = outputs?.prepare('WsConnection.send', event, data, options ?? {})(this);
    return view === undefined ? 'dropped' : this.#sendJson(event, view.data);
  }

  #sendJson(event: string, data: unknown): WsSendOutcome {
    try {
      return this.sendFrame(plainJson({ event, data }) ?? '', event);
    } catch {
      return 'dropped';
    }
  }

  /** Sends what the application sends on its own, serialised as JSON. Whatever the codec of one client throws, it is `dropped`. */
  sendFrame(text: string, event: string): WsSendOutcome {
    try {
      const outcome = this.offer(text, event);
      return outcome === 'too-big' ? 'dropped' : outcome;
    } catch {
      return 'dropped';
    }
  }

  /**
   * Sends a message that is serialised as JSON, in what the client speaks, unless it alone is more than may ever wait for a
   * client.
   *
   * @param event for whoever observes.
   * @throws what a codec throws: RangeError for a text that nests deeper than the stack is high.
   */
  offer(text: string, event: string): SendOutcome {
    if (!this.isOpen) return 'closed';
    const data = this.#wire.codec?.encode(text) ?? text;
    const isTooBig = isLargerThan(data, this.options.maxOutboundBytes);
    if (this.onSend !== undefined) {
      this.#sending = event;
      if (isTooBig) this.#observe(data, 'dropped');
    }
    if (isTooBig) return 'too-big';
    const outcome = this.deadlines.hasBacklog ? 'queued' : 'sent';
    this.socket.send(data);
    // It may have been one too many for a client that does not read.
    return this.isOpen ? outcome : 'closed';
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
    this.deadlines.onWaiting(0, this.clock.monotonic());
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
    const isSent = this.#maySend(data);
    if (this.onSend !== undefined) this.#observe(data, isSent ? 'sent' : 'dropped');
    return isSent;
  }

  #observe(data: OutboundData, result: ObservedSend['result']): void {
    const event = this.#sending;
    this.#sending = undefined;
    this.onSend?.({ event, bytes: bytesOf(data), result });
  }

  #maySend(data: OutboundData): boolean {
    if (this.closing !== undefined) return false;
    for (const watch of this.#sendWatches ?? []) watch(data);
    if (!isLargerThan(data, this.options.maxOutboundBytes)) {
      this.messagesSent++;
      return true;
    }
    // Sent through the raw client, where nobody can be answered: the client at least learns that it misses something.
    this.close('SLOW_CONSUMER');
    return false;
  }

  afterFlush(waitingBytes: number): void {
    const now = this.clock.monotonic();
    if (this.options.idleCounts === 'both') this.lastMessageAt = now;
    if (waitingBytes > this.options.maxOutboundBytes) this.close('SLOW_CONSUMER');
    else this.deadlines.onWaiting(waitingBytes, now);
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
    if (FAILURES.has(code)) this.inbound?.fail();
  }

  /** Takes note that `ws` has failed the connection with a code: nothing of the peer is handled any more (TR-09). */
  failed(code: CloseCodeName): void {
    if (this.closing !== undefined) return;
    this.closing = code;
    this.epoch++;
    this.inbound?.fail();
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
    this.deadlines.onResumed();
    this.socket.resume();
  }
}
