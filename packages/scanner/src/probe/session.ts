import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ScanBudget } from '../scope/scan-budget.js';
import type { Transcript } from './transcript.js';

/** In bytes: more than twice the largest message that a check sends, so that a server that sends it back is heard out. */
export const MAX_RECEIVED = 6_291_456;

/** What an empty message costs, in bytes: a server may send millions of them. */
const MESSAGE_COST = 256;

/** The code of a connection that ended without a close frame (RFC 6455 section 7.1.5): nobody has said why. */
export const NO_CLOSE_FRAME = 1006;

/** How a session ended. */
export interface SessionClose {
  readonly code: number;
  readonly reason: string;
}

/** How long a session waits, in milliseconds. */
export interface SessionPatience {
  /** For a pong, which says that what was sent before has been read. */
  readonly answerMs: number;
  /** After the pong, for handlers that take longer. */
  readonly settleMs: number;
}

/** What a session says by itself, so that the connection stays open. */
export interface SessionVoice {
  /** To a frame: to the heartbeat of the server. */
  readonly reply: (frame: string) => string | undefined;
  /** Before each message that is asked something with. */
  readonly heartbeat: string | undefined;
}

/** A server that asks for more replies has other things in mind than a heartbeat. */
const MAX_REPLIES = 50;

/** A WebSocket to the target that speaks correctly, for the checks of messages. */
export class Session {
  /** The frames that came and were not given out by {@link ask} yet. */
  private fresh: string[] = [];
  private ended: SessionClose | undefined;
  /** Why the scanner ended it by itself: then its end says nothing about the server. */
  private gaveUp: string | undefined;
  /** The first message is the opening: no heartbeat comes before it. */
  private hasAsked = false;
  /** Each ping says its number, so that its pong is told from others. */
  private pings = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly socket: WebSocket,
    private readonly budget: ScanBudget,
    private readonly transcript: Transcript,
    private readonly patience: SessionPatience,
    private readonly voice: Partial<SessionVoice> = {},
  ) {
    let received = 0;
    let replies = 0;
    socket.on('message', (data: Buffer) => {
      received += data.length + MESSAGE_COST;
      if (received > MAX_RECEIVED) return this.giveUp(`more than ${MAX_RECEIVED} bytes`);
      const text = data.toString();
      this.fresh.push(text);
      transcript.receive('message', text);
      const reply = replies < MAX_REPLIES ? voice.reply?.(text) : undefined;
      if (reply === undefined) return;
      replies++;
      transcript.send(reply);
      socket.send(reply, () => undefined);
    });
    // One that nobody asked for answers nothing (RFC 6455 section 5.5.3).
    socket.on('pong', (payload: Buffer) => payload.toString() === String(this.pings) && this.tell());
    socket.on('close', (code, reason) => {
      if (this.gaveUp === undefined) {
        this.ended = { code, reason: reason.toString() };
        transcript.receive('close', this.ended.reason);
      }
      this.tell();
    });
    // The close says all there is to say, unless what came could not be read.
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (code.startsWith('WS_ERR_')) this.giveUp(`what is too long or not WebSocket (${code})`);
    });
  }

  /** The subprotocol that the server chose; empty without one. */
  get subprotocol(): string {
    return this.socket.protocol;
  }

  /** How it ended; `undefined` while it is open. */
  get closed(): SessionClose | undefined {
    return this.ended;
  }

  /**
   * Sends messages, one after the other, and gives what comes until the server has read them and was silent for a while.
   *
   * @throws BudgetSpentError
   * @throws Error where the server sent more than the scanner reads.
   */
  async ask(...messages: readonly string[]): Promise<readonly string[]> {
    this.budget.checkTime();
    const { heartbeat } = this.voice;
    if (heartbeat !== undefined && this.hasAsked) this.send(heartbeat);
    this.hasAsked = true;
    for (const message of messages) this.send(message);
    await this.settle();
    return this.fresh.splice(0);
  }

  /** Sends a message without waiting. @throws BudgetSpentError */
  send(message: string): void {
    if (this.ended !== undefined) return;
    this.budget.takeMessage();
    this.transcript.send(message);
    this.socket.send(message, () => undefined);
  }

  /** Sends a text in a binary frame, without waiting. @throws BudgetSpentError */
  sendBinary(message: string): void {
    if (this.ended !== undefined) return;
    this.budget.takeMessage();
    this.transcript.send(message);
    this.socket.send(Buffer.from(message), { binary: true }, () => undefined);
  }

  /** Sends a message in fragments, of which all but the first and the last are empty. @throws BudgetSpentError */
  sendInFragments(message: string, count: number): void {
    if (this.ended !== undefined) return;
    this.budget.takeMessage();
    this.transcript.send(message);
    const ignore = (): void => undefined;
    this.socket.send(message.slice(0, 1), { fin: false }, ignore);
    for (let index = 2; index < count; index++) this.socket.send('', { fin: false }, ignore);
    this.socket.send(message.slice(1), ignore);
  }

  /** Whether the server still answers a ping. @throws Error where the server sent more than the scanner reads. */
  async isAlive(): Promise<boolean> {
    return (await this.pong()) && this.ended === undefined;
  }

  /** Waits for its end. @returns whether it came in time. @throws BudgetSpentError */
  async endsWithin(ms: number): Promise<boolean> {
    if (this.ended !== undefined) return true;
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.budget.signal]);
    await Promise.race([once(this.socket, 'close', { signal }), wait(ms, undefined, { signal })]).catch(
      () => undefined,
    );
    done.abort();
    this.budget.checkTime();
    this.assertHeardOut();
    return this.ended !== undefined;
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.socket.terminate();
  }

  private async settle(): Promise<void> {
    await this.pong();
    if (this.ended === undefined) await wait(this.patience.settleMs);
    this.assertHeardOut();
  }

  private giveUp(sent: string): void {
    this.gaveUp ??= sent;
    this.socket.terminate();
  }

  private assertHeardOut(): void {
    if (this.gaveUp !== undefined)
      throw new Error(`The server sent ${this.gaveUp}, and the scanner ended the session.`);
  }

  private async pong(): Promise<boolean> {
    this.assertHeardOut();
    if (this.ended !== undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    let told: (() => void) | undefined;
    const inTime = await new Promise<boolean>((resolve) => {
      told = () => resolve(true);
      this.listeners.add(told);
      timer = setTimeout(() => resolve(false), this.patience.answerMs);
      this.socket.ping(String(++this.pings), undefined, () => undefined);
    });
    clearTimeout(timer);
    if (told !== undefined) this.listeners.delete(told);
    this.assertHeardOut();
    return inTime && this.ended === undefined;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
