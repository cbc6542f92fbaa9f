import { type MessageId, SECURE_WS_SUBPROTOCOL } from '@secure-ws/protocol';
import type { Principal } from '../core/principal.js';
import { decodeJson } from '../core/safe-json.js';
import type { ConnectionWork, ManagedConnection } from '../lifecycle/managed-connection.js';
import { ConnectionThrottle } from '../throttling/connection-throttle.js';
import type { PrincipalThrottle } from '../throttling/principal-throttles.js';
import { ConnectionRefusals } from './connection-refusals.js';
import { disposeStream, isStream } from './dispose-stream.js';
import { readEnvelope } from './envelope.js';
import { replyFrame } from './frames.js';
import { InboundQueue } from './inbound-queue.js';
import { type HandlerPlan, Message, type MessageHandler, type MessageSource } from './message.js';
import type { MessageEngine } from './message-engine.js';
import { ARRIVAL_STEPS } from './message-steps.js';
import type { Refusal } from './refusal.js';
import { ReplyStream } from './reply-stream.js';
import { judgeStreams } from './stream-rejudging.js';

/** What one socket read may still deliver after the socket was paused, as a multiple of what the queue should hold. */
const OVERSHOOT = 8;

/** The largest chunk of a socket read that a waiting message may keep in memory. */
const MAX_PINNED_BYTES = 4096;

/** The event by which a `secure-ws.v1` client ends the stream that answers an `id`. */
const CANCEL_EVENT = '$cancel';

/** One connection as a source of messages: its frames come in here, and what its handlers return goes out. */
export class ConnectionPipeline implements ConnectionWork, MessageSource {
  readonly refusals: ConnectionRefusals;
  readonly #handlers = new Map<string, MessageHandler>();
  #throttle: ConnectionThrottle | undefined;
  readonly #queue: InboundQueue;
  readonly #abortable = new Set<Message>();
  // Made when they are needed: most connections that only listen never are.
  #principal: PrincipalThrottle | undefined;
  #streams: Map<Message, ReplyStream> | undefined;
  #slotsTaken = 0;
  #isHeld = true;
  #isDraining = false;
  #onIdle: (() => void) | undefined;

  constructor(
    readonly engine: MessageEngine,
    readonly connection: ManagedConnection,
  ) {
    const { messages } = engine.settings;
    this.refusals = new ConnectionRefusals(engine, connection);
    this.#queue = new InboundQueue(messages.maxQueuedMessages, messages.maxQueuedBytes);
    connection.work = this;
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
    this.#queue.clear();
    if (this.#principal !== undefined) this.engine.parts.principals.release(this.#principal);
    this.#principal = undefined;
    for (const stream of [...(this.#streams?.values() ?? [])]) stream.end();
    for (const message of this.#abortable) message.abort();
    this.#abortable.clear();
  }

  get isExpired(): boolean {
    return this.connection.isExpired;
  }

  get hasAllStreams(): boolean {
    return this.#streams !== undefined && this.#streams.size >= this.engine.settings.messages.maxStreams;
  }

  throttle(now: number, bytes: number): number {
    this.#throttle ??= new ConnectionThrottle(this.engine.settings.throttling);
    return this.#throttle.hit(now, bytes + (this.connection.inbound?.takeOverheadBytes() ?? 0));
  }

  throttlePrincipal(now: number): number {
    return this.#principalThrottle.hit(now);
  }

  get #principalThrottle(): PrincipalThrottle {
    return (this.#principal ??= this.engine.parts.principals.obtain(this.connection.principal));
  }

  throttleEvent(plan: HandlerPlan, now: number): number {
    return this.#principalThrottle.windowsOf(plan).hit(now);
  }

  takeSlot(message: Message): boolean {
    if (!this.#isHeld && this.#slotsTaken < this.engine.settings.messages.maxConcurrentHandlers) {
      this.#slotsTaken++;
      message.holdsSlot = true;
      return true;
    }
    // Leaving: what comes now is not handled, and the client learns so from the close.
    if (this.#onIdle !== undefined) return false;
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
    if (this.#slotsTaken === 0) this.#onIdle?.();
    this.#drain();
  }

  decode(message: Message): Refusal | undefined {
    const decoded = decodeJson((message.received as Buffer).toString(), this.engine.settings.validation);
    if (!decoded.ok) return { code: 'BAD_MESSAGE', reason: `json-${decoded.reason}` };
    return readEnvelope(decoded.value, message) ? undefined : { code: 'BAD_MESSAGE', reason: 'envelope' };
  }

  route({ event, id }: Message): MessageHandler | Refusal | undefined {
    const handler = this.#handlers.get(event);
    if (handler !== undefined) return handler;
    if (event === CANCEL_EVENT && this.connection.subprotocol === SECURE_WS_SUBPROTOCOL) {
      this.#cancel(id);
      return undefined;
    }
    return { code: this.engine.parts.detailedErrors ? 'UNKNOWN_EVENT' : 'FORBIDDEN', reason: 'unknown-event' };
  }

  reply(message: Message, value: unknown): boolean {
    if (!message.isCurrent) {
      disposeStream(value);
      return true;
    }
    if (!isStream(value)) {
      this.#send(message, value);
      return true;
    }
    if (this.hasAllStreams) {
      disposeStream(value);
      message.abort();
      message.settle({ code: 'OVERLOADED', reason: 'streams' });
      return true;
    }
    const streams = (this.#streams ??= new Map<Message, ReplyStream>());
    const send = (item: unknown): boolean => this.#send(message, item);
    const stream = new ReplyStream(message, this.connection, send, () => streams.delete(message));
    streams.set(message, stream);
    stream.begin(value);
    return false;
  }

  endStream(message: Message): boolean {
    const stream = this.#streams?.get(message);
    stream?.end();
    return stream !== undefined;
  }

  isRenewed(message: Message): boolean {
    return this.connection.isOpen && !message.isAnswered && !message.isSettled;
  }

  /** Judges what streams under an identity that is to come. @returns what to do as soon as it holds. */
  judgeStreams(principal: Principal): Promise<() => void> {
    return judgeStreams((this.#streams ??= new Map<Message, ReplyStream>()), principal);
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
      isAnswered ||= id === undefined || (typeof data === 'string' && idOf(data) === id);
    });
    return () => {
      stop();
      return isAnswered;
    };
  }

  /** Ends the streams that answer an `id`, each with its last frame. */
  #cancel(id: MessageId | undefined): void {
    if (id === undefined) return;
    for (const [message, stream] of [...(this.#streams ?? [])]) if (message.id === id) stream.cancel();
  }

  /** @returns whether the value was sent. */
  #send(message: Message, value: unknown): boolean {
    if (!message.isCurrent) return false;
    let text: string | undefined;
    try {
      text = replyFrame(message.handler?.plan.eventJson ?? '""', message.id, value);
    } catch (exception) {
      // DR-14: a BigInt, a cycle or a throwing getter in a result ends the process in bare Nest.
      message.settle({ code: 'INTERNAL', reason: 'reply-not-serialisable', fault: { exception } });
      return false;
    }
    if (text === undefined) return true;
    const outcome = this.connection.offer(text);
    if (outcome === 'too-big') {
      const exception = new Error(
        'The reply is larger than lifecycle.maxOutboundBytes: send it in parts, or as a stream.',
      );
      message.settle({ code: 'INTERNAL', reason: 'reply-too-large', fault: { exception } });
    }
    return outcome === 'sent';
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

/** The `id` of a frame that a filter of the application has written, whatever else it is. */
function idOf(text: string): unknown {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null && 'id' in frame ? frame.id : undefined;
  } catch {
    return undefined;
  }
}
