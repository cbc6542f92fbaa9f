import type { MessageId } from '@secure-ws/protocol';
import type { MessageReason } from '../events/event-reasons.js';
import type { ConnectionWork, ManagedConnection } from '../lifecycle/managed-connection.js';
import type { Awaitable } from '../core/awaitable.js';
import { EnvelopeRefusal, readEnvelope } from './envelope.js';
import { decodeJson } from '../core/safe-json.js';
import { BoundHandler } from './bound-handler.js';
import { ConnectionRefusals } from './connection-refusals.js';
import { ConnectionThrottle } from '../throttling/connection-throttle.js';
import { HandlerRun } from './handler-run.js';
import { InboundQueue } from './inbound-queue.js';
import { MessageJudge } from './message-judge.js';
import type { PipelineEngine, Refusal } from './pipeline-engine.js';
import type { PrincipalThrottle } from '../throttling/principal-throttles.js';
import { RunningMessage } from './running-message.js';

/** What one socket read may still deliver after the socket was paused, as a multiple of what the queue should hold. */
const OVERSHOOT = 8;

/**
 * The checks that every message of one connection passes, in the order of the design: alive, frame, throttle, decode,
 * route, claims, event throttle, validate, policies, then the handler. A step that needs no waiting does not wait.
 */
export class ConnectionPipeline implements ConnectionWork {
  readonly refusals: ConnectionRefusals;
  readonly #handlers = new Map<string, BoundHandler>();
  readonly #throttle: ConnectionThrottle;
  readonly #queue: InboundQueue;
  readonly #run: HandlerRun;
  readonly #judge: MessageJudge;
  readonly #abortable = new Set<RunningMessage>();
  // Obtained with the first message: most connections that only listen never need it.
  #principal: PrincipalThrottle | undefined;
  #arriving: Promise<void> | undefined;
  #arrivingCount = 0;
  #slotsTaken = 0;
  #isHeld = true;
  #isDraining = false;
  #onIdle: (() => void) | undefined;

  constructor(
    readonly engine: PipelineEngine,
    readonly connection: ManagedConnection,
  ) {
    this.refusals = new ConnectionRefusals(engine, connection);
    this.#throttle = new ConnectionThrottle(engine.throttling);
    this.#queue = new InboundQueue(engine.options.maxQueuedMessages, engine.options.maxQueuedBytes);
    this.#run = new HandlerRun(this);
    this.#judge = new MessageJudge(this, this.#run);
    connection.work = this;
  }

  /** Adds a handler of a gateway on this path. */
  bind(handler: BoundHandler): void {
    this.#handlers.set(handler.plan.event, handler);
  }

  /** The throttle of the sender, over all its connections; there from its first message on. */
  get principal(): PrincipalThrottle | undefined {
    return this.#principal;
  }

  /** Lets messages in: the `handleConnection` hooks are done. */
  release(): void {
    this.#isHeld = false;
    this.#drain();
  }

  /** Forgets what waits, ends the streams and fires the abort signals: the connection is gone (SL-12). */
  dispose(): void {
    this.#queue.clear();
    if (this.#principal !== undefined) this.engine.principals.release(this.#principal);
    this.#principal = undefined;
    this.#run.dispose();
    for (const message of this.#abortable) message.abort();
    this.#abortable.clear();
  }

  /** Keeps a message whose abort signal somebody took. */
  keepForAbort(message: RunningMessage): void {
    this.#abortable.add(message);
  }

  /** The message has its answer: nothing is left to abort. */
  forgetAbort(message: RunningMessage): void {
    this.#abortable.delete(message);
  }

  finish(done: () => void): void {
    this.#isHeld = true;
    this.#onIdle = done;
    if (this.#slotsTaken === 0) done();
  }

  /** Takes a message from the socket. */
  onMessage(frame: Buffer, isBinary: boolean): void {
    const { connection, engine } = this;
    // RFC 6455 7.1.7: once this side has failed the connection, no further byte of the peer is processed.
    if (!connection.isOpen) return;
    const now = engine.clock.monotonic();
    connection.lastMessageAt = now;
    connection.messagesReceived++;
    connection.bytesReceived += frame.length;
    if (isBinary) {
      this.#fail('UNSUPPORTED_DATA', 'binary-frame');
      return;
    }
    const wait = this.#throttle.hit(now, frame.length);
    if (wait > 0) {
      this.#refuse('THROTTLED', 'connection-throttle', { retryAfterMs: wait });
      return;
    }
    const shared = (this.#principal ??= engine.principals.obtain(connection.principal)).hit(now);
    if (typeof shared === 'number' && this.#arriving === undefined) this.#arrived(frame, shared, now);
    else this.#arriveLater(frame, shared);
  }

  #arrived(frame: Buffer, wait: number, now: number): void {
    if (!this.connection.isOpen) return;
    if (wait > 0) {
      this.#refuse('THROTTLED', 'principal-throttle', { retryAfterMs: wait });
    } else if (this.#isHeld || this.#slotsTaken >= this.engine.options.maxConcurrentHandlers) {
      this.#enqueue(frame);
    } else {
      this.#process(frame, now);
    }
  }

  /** Where several nodes count together the answer takes a while: messages keep their order meanwhile. */
  #arriveLater(frame: Buffer, wait: Awaitable<number>): void {
    if (this.#arrivingCount >= this.engine.options.maxQueuedMessages * OVERSHOOT) {
      this.#refuse('OVERLOADED', 'queue-full');
      return;
    }
    this.#arrivingCount++;
    const copy = Buffer.from(frame);
    // A store without an answer: the node's own windows have counted the message, and it passes. Caught at once: an
    // answer that fails while an earlier one is still awaited would be an unhandled rejection.
    const answered = Promise.resolve(wait).catch(() => 0);
    const before = this.#arriving ?? Promise.resolve();
    const arriving = before
      .then(() => answered)
      .then((answer) => {
        this.#arrivingCount--;
        if (this.#arriving === arriving) this.#arriving = undefined;
        this.#arrived(copy, answer, this.engine.clock.monotonic());
      });
    this.#arriving = arriving;
  }

  /** Gives a slot back and takes the messages that wait for one. */
  releaseSlot(message: RunningMessage): void {
    if (!message.holdsSlot) return;
    message.holdsSlot = false;
    this.#slotsTaken--;
    if (this.#slotsTaken === 0) this.#onIdle?.();
    this.#drain();
  }

  /** A policy or an asynchronous validator did not answer in time. */
  onJudgementTimeout(message: RunningMessage): void {
    this.#judge.onTimeout(message);
  }

  /** The handler did not end in time. */
  onHandlerTimeout(message: RunningMessage): void {
    this.#run.onTimeout(message);
  }

  #enqueue(frame: Buffer): void {
    // Leaving: what comes now is not handled, and the client learns so from the close.
    if (this.#onIdle !== undefined) return;
    if (this.#isHeld && this.#queue.isFull) {
      // Nobody reads these before the gateway has accepted the connection: a client that floods now is not one to keep.
      this.#fail('POLICY_VIOLATION', 'queue-before-connect');
      return;
    }
    const { maxQueuedMessages, maxQueuedBytes } = this.engine.options;
    if (this.#queue.size >= maxQueuedMessages * OVERSHOOT || this.#queue.bytes >= maxQueuedBytes * OVERSHOOT) {
      this.#refuse('OVERLOADED', 'queue-full');
      return;
    }
    this.#queue.push(frame);
    if (!this.#isHeld && this.#queue.isFull) this.connection.pause();
  }

  #drain(): void {
    // A message that is refused at once gives its slot back inside this loop: the loop goes on, instead of a new one in it.
    if (this.#isDraining) return;
    this.#isDraining = true;
    while (this.connection.isOpen && !this.#isHeld && this.#slotsTaken < this.engine.options.maxConcurrentHandlers) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      this.#process(frame, this.engine.clock.monotonic());
    }
    this.#isDraining = false;
    if (!this.#queue.isFull) this.connection.resume();
  }

  #process(frame: Buffer, now: number): void {
    const { engine, connection } = this;
    if (connection.isExpired) {
      // SL-02: the timer may be late, the message is not handled.
      this.refusals.note({ code: 'FORBIDDEN', reason: 'identity-expired' });
      connection.close('TOKEN_EXPIRED');
      return;
    }
    const decoded = decodeJson(frame.toString(), engine.jsonLimits);
    if (!decoded.ok) {
      this.#refuse('BAD_MESSAGE', `json-${decoded.reason}`);
      return;
    }
    const envelope = readEnvelope(decoded.value);
    if (envelope instanceof EnvelopeRefusal) {
      this.#refuse('BAD_MESSAGE', 'envelope', { id: envelope.id });
      return;
    }
    const { event, id } = envelope;
    const handler = this.#handlers.get(event);
    if (handler === undefined) {
      // AZ-12: answered like an event that exists and is not allowed, so that names cannot be found out.
      this.#refuse(engine.detailedErrors ? 'UNKNOWN_EVENT' : 'FORBIDDEN', 'unknown-event', { id });
      return;
    }
    if (!handler.plan.authorization.meetsClaims(connection.principal)) {
      const refusal: Refusal = { code: 'FORBIDDEN', reason: 'claims', id, event };
      if (!handler.plan.isReported) {
        this.refusals.answer(refusal);
        return;
      }
      engine.reportOnly(connection, refusal);
    }
    this.#slotsTaken++;
    this.#judge.judge(new RunningMessage(this, handler, connection, id, now), envelope.data);
  }

  #refuse(
    code: Refusal['code'],
    reason: MessageReason,
    details: Partial<Refusal> & { id?: MessageId | undefined } = {},
  ): string {
    return this.refusals.answer({ code, reason, ...details });
  }

  #fail(code: 'UNSUPPORTED_DATA' | 'POLICY_VIOLATION', reason: MessageReason): void {
    this.refusals.note({ code: 'BAD_MESSAGE', reason });
    this.connection.close(code);
  }
}
