import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ScanBudget } from '../scope/scan-budget.js';
import type { Transcript } from './transcript.js';

const MAX_RECEIVED = 1_048_576;

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

/** A WebSocket to the target that speaks correctly, for the checks of messages. */
export class Session {
  /** The frames that came and were not given out by {@link ask} yet. */
  private fresh: string[] = [];
  private ended: SessionClose | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly socket: WebSocket,
    private readonly budget: ScanBudget,
    private readonly transcript: Transcript,
    private readonly patience: SessionPatience,
  ) {
    let received = 0;
    socket.on('message', (data: Buffer) => {
      received += data.length;
      if (received > MAX_RECEIVED) return socket.terminate();
      const text = data.toString();
      this.fresh.push(text);
      transcript.receive('message', text);
    });
    socket.on('pong', () => this.tell());
    socket.on('close', (code, reason) => {
      this.ended = { code, reason: reason.toString() };
      transcript.receive('close', this.ended.reason);
      this.tell();
    });
    // The close says all there is to say.
    socket.on('error', () => undefined);
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
   */
  async ask(...messages: readonly string[]): Promise<readonly string[]> {
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

  /** Whether the server still answers a ping. */
  async isAlive(): Promise<boolean> {
    return (await this.pong()) && this.ended === undefined;
  }

  /** Ends the connection. */
  [Symbol.dispose](): void {
    this.socket.terminate();
  }

  private async settle(): Promise<void> {
    await this.pong();
    if (this.ended === undefined) await wait(this.patience.settleMs);
  }

  private async pong(): Promise<boolean> {
    if (this.ended !== undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    let told: (() => void) | undefined;
    const inTime = await new Promise<boolean>((resolve) => {
      told = () => resolve(true);
      this.listeners.add(told);
      timer = setTimeout(() => resolve(false), this.patience.answerMs);
      this.socket.ping(undefined, undefined, () => undefined);
    });
    clearTimeout(timer);
    if (told !== undefined) this.listeners.delete(told);
    return inTime && this.ended === undefined;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
