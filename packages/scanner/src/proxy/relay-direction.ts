import type { Duplex } from 'node:stream';
import { OPCODES, type ReceivedFrame, writeFrame } from '../probe/frames.js';
import { type Decision, type Direction, FORWARD, type ProxyMessage } from './proxy-message.js';
import { FrameCutter, isControl, TooLargeError } from './wire/frame-cutter.js';
import { MessageCollector, type PassingMessage } from './wire/message-collector.js';

/** What waits behind a held message before its sender is no longer read. */
const MAX_WAITING_BYTES = 1_048_576;
const MAX_WAITING = 256;

/** One way of one connection. */
export interface DirectionOptions {
  readonly direction: Direction;
  readonly from: Duplex;
  readonly to: Duplex;
  /** Whether permessage-deflate was agreed on. */
  readonly isDeflated: boolean;
  /** Decides what becomes of a message. @param gone aborts when it can reach nobody any more. */
  readonly decide: (
    message: Pick<ProxyMessage, 'direction' | 'isBinary' | 'data'>,
    gone: AbortSignal,
  ) => Decision | Promise<Decision>;
  /** A message was sent: what came, or what stands in its place. */
  readonly onSent: (isBinary: boolean, data: Buffer) => void;
  /** A copy of the proxy's own was sent. */
  readonly onCopy: (isBinary: boolean, data: Buffer) => void;
  /** The sender has closed: with this code, 1005 for a close frame without one, 1006 for none. */
  readonly onClose: (code: number) => void;
  /** Nobody could decide on a message, or write down that it was sent: it goes through as it came. */
  readonly onFailure: () => void;
  /** The sender sent more than goes through. */
  readonly onTooLarge: () => void;
}

type Waiting = PassingMessage | { readonly close: ReceivedFrame } | { readonly end: 'end' | 'close' };

/**
 * Passes on what one side sends: messages in their order and in their fragments, the close frame and the end behind them, and
 * pings and pongs past a message that is held, so that neither side takes the other for dead. A sender is read no faster than
 * the other side takes.
 */
export class RelayDirection {
  private readonly cutter = new FrameCutter();
  private readonly collector: MessageCollector;
  private readonly waiting: Waiting[] = [];
  private waitingBytes = 0;
  private isHeld = false;
  private isClosed = false;
  private draining: Promise<void> | undefined;
  private readonly gone = new AbortController();

  constructor(private readonly options: DirectionOptions) {
    this.collector = new MessageCollector(options.isDeflated);
    const { from, to } = options;
    from.on('data', (chunk: Buffer) => this.take(chunk));
    from.on('end', () => this.put({ end: 'end' }));
    from.on('close', () => this.put({ end: 'close' }));
    // A "close" follows.
    from.on('error', () => undefined);
    to.on('drain', () => this.adjust());
    to.on('close', () => {
      this.gone.abort();
      this.waiting.length = 0;
      this.adjust();
    });
  }

  /** Sends a message of the proxy's own. @returns how often: less than `times` where the connection ended. */
  async inject(isBinary: boolean, data: Buffer, times: number): Promise<number> {
    for (let sent = 0; sent < times; sent++) {
      if (!this.isOpen) return sent;
      this.send(isBinary, data);
      this.options.onCopy(isBinary, data);
      await this.drained();
    }
    return times;
  }

  private get isOpen(): boolean {
    return !this.isClosed && this.options.to.writable;
  }

  private take(chunk: Buffer): void {
    try {
      for (const frame of this.cutter.push(chunk)) {
        if (frame.opcode === OPCODES.close) this.put({ close: frame });
        // They may stand between the fragments of a message (RFC 6455 section 5.5), and hold nothing that has an order.
        else if (isControl(frame)) this.write(frame.raw);
        else for (const message of this.collector.push(frame)) this.put(message);
      }
    } catch (error) {
      if (!(error instanceof TooLargeError)) throw error;
      this.options.onTooLarge();
    }
  }

  private put(one: Waiting): void {
    if (this.gone.signal.aborted) return;
    this.waiting.push(one);
    if ('rawBytes' in one) this.waitingBytes += one.rawBytes;
    this.work();
  }

  private work(): void {
    while (!this.isHeld) {
      const one = this.waiting.shift();
      if (one === undefined) break;
      if ('rawBytes' in one) this.decide(one);
      else if ('close' in one) this.passClose(one.close);
      else this.passEnd(one.end);
    }
    this.adjust();
  }

  private decide(message: PassingMessage): void {
    this.waitingBytes -= message.rawBytes;
    const decision = this.decisionOn(message);
    const passing =
      decision instanceof Promise ? decision.then((one) => this.pass(message, one)) : this.pass(message, decision);
    if (passing === undefined) return;
    // What comes meanwhile waits behind it.
    this.isHeld = true;
    void passing.catch(this.options.onFailure).then(() => {
      this.isHeld = false;
      this.work();
    });
  }

  /** What a side sends must not end the proxy, with every other connection and the recording: who fails decides nothing. */
  private decisionOn({ isBinary, data }: PassingMessage): Decision | Promise<Decision> {
    const { direction, decide, onFailure } = this.options;
    const asItCame = (): Decision => {
      onFailure();
      return FORWARD;
    };
    try {
      const decision = decide({ direction, isBinary, data }, this.gone.signal);
      return decision instanceof Promise ? decision.catch(asItCame) : decision;
    } catch {
      return asItCame();
    }
  }

  /** @returns what waits for the copies of the message, where there are some. */
  private pass({ frames, isBinary, data }: PassingMessage, decision: Decision): Promise<unknown> | undefined {
    if (decision.kind === 'drop' || !this.isOpen) return undefined;
    const sent = decision.data ?? data;
    if (decision.data === undefined) for (const { raw } of frames) this.write(raw);
    else this.send(isBinary, decision.data);
    if (sent === undefined) return undefined;
    this.options.onSent(isBinary, sent);
    return decision.copies === undefined ? undefined : this.inject(isBinary, sent, decision.copies);
  }

  private send(isBinary: boolean, payload: Buffer): void {
    const opcode = isBinary ? OPCODES.binary : OPCODES.text;
    this.write(writeFrame({ opcode, payload, isMasked: this.options.direction === 'to-server' }));
  }

  private passClose({ raw, payload }: ReceivedFrame): void {
    if (!this.isClosed) this.options.onClose(payload.length >= 2 ? payload.readUInt16BE(0) : 1005);
    this.write(raw);
    this.isClosed = true;
  }

  /** The other side sees the end that it would have seen without the proxy: no close frame is made up. */
  private passEnd(end: 'end' | 'close'): void {
    if (!this.isClosed) this.options.onClose(1006);
    this.isClosed = true;
    const { to } = this.options;
    if (to.destroyed) return;
    // Who is gone can be told nothing any more: all that is left is to write what came before.
    if (end === 'close' && to.writableFinished) to.destroy();
    else if (end === 'close') to.once('finish', () => to.destroy()).end();
    else to.end();
  }

  private write(bytes: Buffer): void {
    if (this.options.to.writable) this.options.to.write(bytes);
    this.adjust();
  }

  /** One wait for all who wait. */
  private async drained(): Promise<void> {
    const { to } = this.options;
    if (!to.writableNeedDrain || to.destroyed) return;
    this.draining ??= new Promise<void>((resolve) => {
      const done = (): void => {
        to.off('drain', done).off('close', done);
        this.draining = undefined;
        resolve();
      };
      to.on('drain', done).on('close', done);
    });
    await this.draining;
  }

  private adjust(): void {
    const { from, to } = this.options;
    const isFull = this.waitingBytes > MAX_WAITING_BYTES || this.waiting.length > MAX_WAITING;
    const mustWait = isFull || (to.writableNeedDrain && !to.destroyed);
    if (mustWait && !from.isPaused()) from.pause();
    else if (!mustWait && from.isPaused()) from.resume();
  }
}
