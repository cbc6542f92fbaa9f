import { withDeadline } from '../../core/awaitable.js';
import type { Cancel, Clock } from '../../core/clock.js';
import { randomId } from '../../core/identifier.js';
import { type Linked, LinkedList } from '../../core/linked-list.js';
import { ALERT_SEVERITIES, type AlertLoss } from '../../events/catalogue/alert-events.js';
import type { SecurityEventChannel } from '../../events/delivery/event-channel.js';
import type { SecurityAlert } from '../on-security-alert.js';
import type { ResolvedAlertWebhook } from './alert-webhook.options.js';
import { postAlert, type PostedAlert } from './post-alert.js';
import { retryDelay } from './retry-delay.js';

/** What a webhook tells. Nothing here may throw. */
export interface AlertWebhookListener {
  /** Alerts were lost. */
  onLost(reason: AlertLoss, count: number): void;
  /** @param error why alerts were given up. */
  onFault(error: Error): void;
}

interface Message extends PostedAlert, Linked {
  /** How much it matters, beside the others that wait. */
  readonly rank: number;
  /** Monotonic moment after which it is given up. */
  readonly due: number;
  /** How many attempts have failed. */
  failures: number;
  /** Monotonic moment before which it is not tried again. */
  notBefore: number;
}

/** Why an alert was given up. */
interface GivenUp {
  readonly reason: AlertLoss;
  readonly why: string;
}

/**
 * Posts alerts to one address, one after the other: the most severe first, and those of one severity in their order, each
 * until it is taken or given up. One that the receiver does not take holds up none that is more severe: strangers choose words
 * of a warning, and what a receiver stumbles over must not keep a critical one waiting. Signed as Standard Webhooks 1.0 says: the id of an alert is the same at each attempt, the time and the signature are the attempt's.
 */
export class AlertWebhook {
  readonly #waiting = new LinkedList<Message>();
  readonly #closed = new AbortController();
  readonly #minSeverity: number;
  #sending: Promise<void> | undefined;
  /** The alert that is on its way. */
  #sent: Message | undefined;
  #cancelDelay: Cancel | undefined;
  #endDelay: (() => void) | undefined;
  /** The receiver said that it wants no more. */
  #isGone = false;
  #isClosing = false;
  /** Whether the last attempt failed. */
  #hasFailed = false;
  #dropped = 0;
  #failed = 0;

  /**
   * @param clock dates attempts, and says when the next one is due.
   * @param networkClock measures how long a receiver takes: a step of a test's clock says nothing about that.
   */
  constructor(
    private readonly options: ResolvedAlertWebhook,
    private readonly clock: Clock,
    private readonly networkClock: Clock,
    private readonly listener: AlertWebhookListener,
    private readonly random: () => number = Math.random,
  ) {
    this.#minSeverity = ALERT_SEVERITIES.indexOf(options.minSeverity);
  }

  /** How it is doing. The alert that is being sent waits too. */
  get figures(): Omit<SecurityEventChannel, 'name'> {
    const waiting = this.#waiting.size;
    const isHealthy = !this.#isGone && !this.#hasFailed && waiting < this.options.maxQueued;
    return { waiting, dropped: this.#dropped, failed: this.#failed, isHealthy };
  }

  /** Takes an alert. Never throws and never waits. */
  push(alert: SecurityAlert): void {
    if (ALERT_SEVERITIES.indexOf(alert.severity) < this.#minSeverity) return;
    if (this.#isGone) {
      // That the webhook is off was said once: from then on each alert is only counted.
      this.#dropped++;
      return;
    }
    if (this.#isClosing) {
      this.#drop('not-taken', 1);
      return;
    }
    const rank = rankOf(alert);
    if (this.#waiting.size >= this.options.maxQueued) {
      const least = this.#leastBelow(rank);
      if (least !== undefined) this.#waiting.remove(least);
      this.#drop('queue-full', 1);
      if (least === undefined) return;
    }
    const { type, time: timestamp, ...data } = alert;
    const due = this.clock.monotonic() + this.options.giveUpAfterMs;
    const body = JSON.stringify({ type, timestamp, data });
    const fresh = { failures: 0, notBefore: 0, previous: undefined, next: undefined };
    this.#waiting.add({ id: `msg_${randomId()}`, body, due, rank, ...fresh });
    // It may matter more than the one whose next attempt is waited for.
    this.#endDelay?.();
    this.#sending ??= this.#sendAll();
  }

  /** Tries once more what waits, for at most `timeoutMs` milliseconds; then it is lost. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    this.#endDelay?.();
    if (this.#sending !== undefined) await withDeadline(this.#sending, timeoutMs, this.networkClock, undefined);
    this.#closed.abort();
    await this.#sending;
  }

  /**
   * The newest of the least that wait, where these matter less than an alert that has no room: strangers can cause any
   * number of warnings. Not the one that is being sent.
   */
  #leastBelow(rank: number): Message | undefined {
    let least: Message | undefined;
    for (const each of this.#all()) {
      if (each !== this.#sent && each.rank < rank && (least === undefined || each.rank <= least.rank)) least = each;
    }
    return least;
  }

  /** The oldest of the most severe that wait: what has ended never goes before what has begun. */
  #mostSevere(): Message | undefined {
    let most: Message | undefined;
    for (const each of this.#all()) if (most === undefined || severityOf(each) > severityOf(most)) most = each;
    return most;
  }

  /** Those that wait, the oldest first. */
  *#all(): Generator<Message> {
    for (let each = this.#waiting.first; each !== undefined; each = each.next as Message | undefined) yield each;
  }

  async #sendAll(): Promise<void> {
    for (let message = this.#mostSevere(); message !== undefined; message = this.#mostSevere()) {
      const delayMs = message.notBefore - this.clock.monotonic();
      if (delayMs > 0 && !this.#isClosing) {
        await this.#wait(delayMs);
        continue;
      }
      this.#sent = message;
      const outcome = await this.#deliver(message);
      this.#sent = undefined;
      if (outcome === 'later') continue;
      this.#waiting.remove(message);
      if (outcome !== 'taken') this.#giveUp(outcome);
    }
    this.#sending = undefined;
  }

  /** Tries once. @returns why it was given up, where it was. */
  async #deliver(message: Message): Promise<'taken' | 'later' | GivenUp> {
    const outcome = await postAlert(message, this.options, this.clock, this.networkClock, this.#closed.signal);
    this.#hasFailed = outcome.kind !== 'taken';
    if (outcome.kind === 'taken') return 'taken';
    if (outcome.kind !== 'failed') return { reason: outcome.kind, why: outcome.why };
    message.failures++;
    message.notBefore = this.clock.monotonic() + retryDelay(message.failures, outcome.retryAfterMs, this.random());
    const isLast = this.#isClosing || message.notBefore > message.due;
    return isLast ? { reason: 'not-taken', why: outcome.why } : 'later';
  }

  #giveUp({ reason, why }: GivenUp): void {
    this.#failed++;
    this.listener.onLost(reason, 1);
    if (reason !== 'gone') {
      this.listener.onFault(new Error(`An alert was given up: the receiver ${why}.`));
      return;
    }
    this.#isGone = true;
    this.listener.onFault(new Error(`The receiver ${why}: the webhook is off until the next start.`));
    const left = this.#waiting.size;
    for (let message = this.#waiting.first; message !== undefined; message = this.#waiting.first) {
      this.#waiting.remove(message);
    }
    if (left > 0) this.#drop(reason, left);
  }

  #drop(reason: AlertLoss, count: number): void {
    this.#dropped += count;
    this.listener.onLost(reason, count);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#endDelay = () => {
        this.#cancelDelay?.();
        this.#cancelDelay = this.#endDelay = undefined;
        resolve();
      };
      this.#cancelDelay = this.clock.after(delayMs, this.#endDelay);
    });
  }
}

/** By severity; of one severity what has ended matters less than what has begun. */
function rankOf({ severity, type }: SecurityAlert): number {
  return 2 * ALERT_SEVERITIES.indexOf(severity) + (type === 'ws.alert.raised' ? 1 : 0);
}

function severityOf({ rank }: Message): number {
  return rank >> 1;
}
