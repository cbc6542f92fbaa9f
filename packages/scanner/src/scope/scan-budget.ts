import { setTimeout as wait } from 'node:timers/promises';

/** What a scan may spend in all. */
export interface ScanLimits {
  /** TCP connections: every check on a server without a limit of handshakes takes a little more than 200. @default 300 */
  readonly maxConnections: number;
  /** Messages, one in fragments as one, and broken frames; pings and pongs are not counted. @default 1000 */
  readonly maxMessages: number;
  /** How long it may take, in milliseconds. @default 300000 */
  readonly maxMs: number;
  /** New connections in a second. @default 10 */
  readonly connectionsPerSecond: number;
}

/** The defaults of {@link ScanLimits}. */
export const DEFAULT_LIMITS: ScanLimits = Object.freeze({
  maxConnections: 300,
  maxMessages: 1000,
  maxMs: 300_000,
  connectionsPerSecond: 10,
});

/** A limit of the scan is reached: what was not tried by then is reported as not tested. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
}

/** What every probe draws from, so that no check can load a target more than the caller allowed. */
export class ScanBudget {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  private connections = 0;
  private messages = 0;
  private nextStart = 0;

  constructor(private readonly limits: ScanLimits) {
    this.signal = AbortSignal.timeout(limits.maxMs);
  }

  /** What was spent so far. */
  get spent(): { readonly connections: number; readonly messages: number } {
    return { connections: this.connections, messages: this.messages };
  }

  /**
   * Waits until one more connection may be opened.
   *
   * @throws BudgetSpentError when there may be none.
   */
  async takeConnection(): Promise<void> {
    const { maxConnections, connectionsPerSecond } = this.limits;
    if (this.connections >= maxConnections) {
      throw new BudgetSpentError(
        `The scan has opened ${maxConnections} connections, as many as it may (--connections).`,
      );
    }
    this.connections++;
    const now = performance.now();
    const start = Math.max(now, this.nextStart);
    this.nextStart = start + 1000 / connectionsPerSecond;
    await this.pause(start - now);
  }

  /** @throws BudgetSpentError when no message may be sent any more. */
  takeMessage(): void {
    this.checkTime();
    if (this.messages >= this.limits.maxMessages) {
      throw new BudgetSpentError(`The scan has sent ${this.limits.maxMessages} messages, as many as it may.`);
    }
    this.messages++;
  }

  /** Waits, and no longer than the scan may take. @throws BudgetSpentError when its time is over. */
  async pause(ms: number): Promise<void> {
    this.checkTime();
    if (ms > 0) await wait(ms, undefined, { signal: this.signal }).catch(() => undefined);
    this.checkTime();
  }

  /** @throws BudgetSpentError when the time of the scan is over. */
  checkTime(): void {
    if (!this.signal.aborted) return;
    throw new BudgetSpentError(
      `The scan has taken ${this.limits.maxMs / 1000} seconds, as long as it may (--seconds).`,
    );
  }
}
