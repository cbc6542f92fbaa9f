import { RESERVED_EVENT_PREFIX } from '@secure-ws/protocol';
import type { Principal } from '../core/principal.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { type FrameLimits, frameLimits } from '../core/wire-format.js';
import type { ConnectionWork } from '../lifecycle/connection-parts.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { MessageLimits } from '../throttling/message-limits.js';
import type { ThrottleFinding } from '../throttling/throttle-finding.js';
import { refusalOfThrottle } from './event-throttle.js';
import { ConnectionRefusals } from './connection-refusals.js';
import { ConnectionReplies } from './connection-replies.js';
import { checkFrame, decodeMessage, idOf } from './message-decoding.js';
import { InboundQueue } from './inbound-queue.js';
import { refusalOfClaims } from './judge-renewed.js';
import { Message, type MessageHandler, type MessageSource } from './message.js';
import type { MessageEngine } from './message-engine.js';
import { ARRIVAL_STEPS } from './message-steps.js';
import type { Refusal } from './refusal.js';

/** What one socket read may still deliver after the socket was paused, as a multiple of what the queue should hold. */
const OVERSHOOT = 8;

/** The largest chunk of a socket read that a waiting message may keep in memory. */
const MAX_PINNED_BYTES = 4096;

/** The event by which a `secure-ws.v1` client ends the stream that answers an `id`. */
const CANCEL_EVENT = '$cancel';

const FOREIGN_EVENT: Refusal = Object.freeze({
  code: 'BAD_MESSAGE',
  reason: 'foreign-event',
  close: 'POLICY_VIOLATION',
});

/** One connection as a source of messages: its frames come in here, and what its handlers return goes out. */
export class ConnectionPipeline implements ConnectionWork, MessageSource {
  readonly refusals: ConnectionRefusals;
  readonly frameLimits: FrameLimits;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #queue: InboundQueue;
  readonly #replies: ConnectionReplies;
  readonly #abortable = new Set<Message>();
  // Made when they are needed: those of most connections that only listen never are.
  #limits: MessageLimits | undefined;
  #slotsTaken = 0;
  #isHeld = true;
  #isDraining = false;
  #isDisposed = false;
  #onIdle: (() => void) | undefined;

  constructor(
    readonly engine: MessageEngine,
    readonly connection: ManagedConnection,
  ) {
    const { messages } = engine.settings;
    this.refusals = new ConnectionRefusals(engine, connection);
    this.#queue = new InboundQueue(messages.maxQueuedMessages, messages.maxQueuedBytes);
    this.#replies = new ConnectionReplies(connection, messages.maxStreams);
    const { maxMessageBytes } = engine.settings.validation;
    this.frameLimits = frameLimits(connection.wire, maxMessageBytes, engine.maxBytes);
    connection.work = this;
    connection.outputs = engine.parts.outputs;
  }

  bind(handler: MessageHandler): void {
    this.#handlers.set(handler.plan.event, handler);
  }

  onMessage(frame: Buffer, isBinary: boolean): void {
    const { connection, engine } = this;
    const now = engine.clock.monotonic();
    connection.lastMessageAt = now;
    connection.bytesReceived += frame.length;
    new Message(this, ARRIVAL_STEPS, frame, frame.length, isBinary, ++connection.messagesReceived, now).run();
  }

  /** Lets messages in: the `handleConnection` hooks are done. */
  release(): void {
    this.#isHeld = false;
    this.#drain();
  }

  finish(done: () => void): void {
    this.#isHeld = true;
    this.#onIdle = done;
    if (this.#slotsTaken === 0) done();
  }

  /** Forgets what waits, ends the streams and fires the abort signals: the connection is gone (SL-12). */
  dispose(): void {
    this.#isDisposed = true;
    this.#queue.clear();
    this.#limits?.release();
    this.#replies.endStreams();
    for (const message of this.#abortable) message.abort();
    this.#abortable.clear();
  }

  /** How many bytes wait for a slot. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  get isExpired(): boolean {
    return this.connection.isExpired;
  }

  get hasAllStreams(): boolean {
    return this.#replies.hasAllStreams;
  }

  get limits(): MessageLimits {
    if (this.#limits !== undefined) return this.#limits;
    const { engine, connection } = this;
    const onReported = (finding: ThrottleFinding): void => this.refusals.report(refusalOfThrottle(finding));
    this.#limits = new MessageLimits(engine.parts.throttles, engine.settings.throttling, connection, onReported);
    // Nothing is let through, or held, for a connection that has ended.
    if (this.#isDisposed) this.#limits.release();
    return this.#limits;
  }

  throttle(now: number, bytes: number): ThrottleFinding | undefined {
    return this.limits.arrive(now, bytes + (this.connection.inbound?.takeOverheadBytes() ?? 0));
  }

  takeSlot(message: Message): boolean {
    if (!this.#isHeld && this.#slotsTaken < this.engine.settings.messages.maxConcurrentHandlers) {
      this.#slotsTaken++;
      message.holdsSlot = true;
      return true;
    }
    // Leaving: what comes now is not handled, and the client learns so from the close.
    if (this.#onIdle !== undefined) {
      message.observation?.forget();
      return false;
    }
    const refusal = this.#refusalOfQueue();
    if (refusal !== undefined) {
      message.settle(refusal);
      return false;
    }
    message.unpin(MAX_PINNED_BYTES);
    this.#queue.push(message);
    if (!this.#isHeld && this.#queue.isFull()) this.connection.pause();
    return false;
  }

  releaseSlot(): void {
    this.#slotsTaken--;
    if (this.#slotsTaken === 0) {
      this.#replies.forgetCancelled();
      this.#onIdle?.();
    }
    this.#drain();
  }

  checkFrame(message: Message): Refusal | undefined {
    return checkFrame(message, this.frameLimits);
  }

  decode(message: Message): Refusal | undefined {
    return decodeMessage(message, this.connection.wire, this.engine);
  }

  route({ event, id }: Message): MessageHandler | Refusal | undefined {
    const handler = this.#handlers.get(event);
    if (handler !== undefined) return handler;
    if (event.startsWith(RESERVED_EVENT_PREFIX)) {
      // MV-19: the client has not negotiated them, so it does not speak what it has.
      if (!this.connection.wire.hasModuleEvents) return FOREIGN_EVENT;
      if (event === CANCEL_EVENT) {
        // Without the slot of this message itself.
        this.#replies.cancel(id, this.#slotsTaken - 1);
        return undefined;
      }
    }
    return { code: this.engine.parts.detailedErrors ? 'UNKNOWN_EVENT' : 'FORBIDDEN', reason: 'unknown-event' };
  }

  reply(message: Message, value: unknown): boolean {
    return this.#replies.reply(message, value);
  }

  endStream(message: Message): boolean {
    return this.#replies.endStream(message);
  }

  isRenewed(message: Message): boolean {
    return this.connection.isOpen && !message.isAnswered && !message.isSettled;
  }

  /**
   * Judges what runs under an identity that is to come: streams, and by their claims handlers whose signal somebody took.
   *
   * @returns what to do as soon as it holds: streams that may not go on end, and the signals fire of such handlers.
   */
  async judgeRunning(principal: Principal): Promise<() => void> {
    const concludeStreams = await this.#replies.judgeStreams(principal);
    return () => {
      concludeStreams();
      for (const message of [...this.#abortable]) {
        // Streams that may go on are of the new identity by now.
        const refusal = message.isCurrent ? undefined : refusalOfClaims(message, principal);
        if (refusal !== undefined) message.abort(new WsRefusalException(refusal.code));
      }
    };
  }

  refuse(message: Message, refusal: Refusal): void {
    this.refusals.refuse(message, refusal);
  }

  keepForAbort(message: Message): void {
    this.#abortable.add(message);
  }

  forgetAbort(message: Message): void {
    this.#abortable.delete(message);
  }

  watchAnswer({ id }: Message): () => boolean {
    // Whoever waits for an answer knows it by the id. Without one, whatever the client gets now is taken for it.
    let isAnswered = false;
    const stop = this.connection.watchSends((data) => {
      isAnswered ||= id === undefined || idOf(data, this.connection.wire) === id;
    });
    return () => {
      stop();
      return isAnswered;
    };
  }

  #refusalOfQueue(): Refusal | undefined {
    if (this.#isHeld && this.#queue.isFull()) {
      // Nobody reads these before the gateway has accepted the connection: a client that floods now is not one to keep.
      return { code: 'BAD_MESSAGE', reason: 'queue-before-connect', close: 'POLICY_VIOLATION' };
    }
    return this.#queue.isFull(OVERSHOOT) ? { code: 'OVERLOADED', reason: 'queue-full' } : undefined;
  }

  #drain(): void {
    // A message that is refused at once gives its slot back inside this loop: the loop goes on, instead of a new one in it.
    if (this.#isDraining) return;
    this.#isDraining = true;
    const { maxConcurrentHandlers } = this.engine.settings.messages;
    while (this.connection.isOpen && !this.#isHeld && this.#slotsTaken < maxConcurrentHandlers) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      this.#slotsTaken++;
      message.holdsSlot = true;
      message.startedAt = this.engine.clock.monotonic();
      message.run();
    }
    this.#isDraining = false;
    if (!this.#queue.isFull()) this.connection.resume();
  }
}
