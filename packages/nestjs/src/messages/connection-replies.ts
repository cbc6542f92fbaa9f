import type { MessageId } from '@secure-ws/protocol';
import type { Principal } from '../core/principal.js';
import type { ManagedConnection, SendOutcome } from '../lifecycle/managed-connection.js';
import { giveUp } from '../core/give-up.js';
import { isStream } from '../core/streams.js';
import { endFrame, replyFrame } from './frames.js';
import { refusalOfReply } from './exception-mapping.js';
import type { Message } from './message.js';
import { ReplyStream } from './reply-stream.js';
import { judgeStreams } from './stream-rejudging.js';

/** What the handlers of one connection return goes out here: single values, and streams that are still open. */
export class ConnectionReplies {
  // Made when it is needed: few connections ever stream.
  #streams: Map<Message, ReplyStream> | undefined;
  /** Streams that were told to end, and have not yet: what they hold is still held. */
  #endingStreams = 0;
  /** The ids of streams that were cancelled before their handler had answered; while handlers run. */
  #cancelled: Set<MessageId> | undefined;

  constructor(
    private readonly connection: ManagedConnection,
    private readonly maxStreams: number,
  ) {}

  get hasAllStreams(): boolean {
    return this.#streams !== undefined && this.#streams.size + this.#endingStreams >= this.maxStreams;
  }

  /** Sends what a handler returned, or begins to stream it. @returns whether the message is done with that. */
  reply(message: Message, value: unknown): boolean {
    if (!message.isCurrent) {
      giveUp(value);
      return true;
    }
    if (!isStream(value)) {
      this.#send(message, value);
      return true;
    }
    if (message.id !== undefined && this.#cancelled?.delete(message.id) === true) {
      giveUp(value);
      message.abort();
      this.connection.offer(endFrame(message.handler?.plan.eventJson ?? '""', message.id), message.event);
      return true;
    }
    if (this.hasAllStreams) {
      giveUp(value);
      message.abort();
      message.settle({ code: 'OVERLOADED', reason: 'streams' });
      return true;
    }
    const streams = (this.#streams ??= new Map<Message, ReplyStream>());
    const send = (item: unknown): boolean => this.#send(message, item);
    const onOver = (ended: Promise<unknown> | undefined): void => {
      streams.delete(message);
      if (ended === undefined) return;
      // A generator that waits for its next value hears of its end only then: a cap that $cancel frees at once holds nothing.
      this.#endingStreams++;
      void ended.then(() => this.#endingStreams--);
    };
    const stream = new ReplyStream(message, this.connection, send, onOver);
    streams.set(message, stream);
    stream.begin(value);
    return false;
  }

  endStream(message: Message): boolean {
    const stream = this.#streams?.get(message);
    stream?.end();
    return stream !== undefined;
  }

  /** Ends every stream: the connection is gone (SL-12). */
  endStreams(): void {
    for (const stream of [...(this.#streams?.values() ?? [])]) stream.end();
  }

  /** Judges what streams under an identity that is to come. @returns what to do as soon as it holds. */
  judgeStreams(principal: Principal): Promise<() => void> {
    return judgeStreams((this.#streams ??= new Map<Message, ReplyStream>()), principal);
  }

  /**
   * Ends the streams that answer an `id`, each with its last frame.
   *
   * @param running how many handlers run: one of them may be about to answer with that stream.
   */
  cancel(id: MessageId | undefined, running: number): void {
    if (id === undefined) return;
    const found = [...(this.#streams ?? [])].filter(([message]) => message.id === id);
    for (const [, stream] of found) stream.cancel();
    if (found.length > 0 || running === 0) return;
    this.#cancelled ??= new Set();
    if (this.#cancelled.size < running) this.#cancelled.add(id);
  }

  /** No handler runs: nothing that was cancelled comes any more. */
  forgetCancelled(): void {
    this.#cancelled = undefined;
  }

  /** @returns whether the value was sent. */
  #send(message: Message, value: unknown): boolean {
    if (!message.isCurrent) {
      giveUp(value);
      return false;
    }
    let outcome: SendOutcome;
    try {
      const { handler, id, principal } = message;
      const text = replyFrame(handler?.plan.eventJson ?? '""', id, value, handler?.plan.reply, principal.roles);
      if (text === undefined) return true;
      outcome = this.connection.offer(text, handler?.plan.event ?? '');
    } catch (exception) {
      giveUp(value);
      message.settle(refusalOfReply(exception));
      return false;
    }
    if (outcome === 'too-big') {
      const exception = new Error(
        'The reply is larger than lifecycle.maxOutboundBytes: send it in parts, or as a stream.',
      );
      message.settle({ code: 'INTERNAL', reason: 'reply-too-large', fault: { exception } });
    }
    return outcome === 'sent' || outcome === 'queued';
  }
}
