import { withDeadline } from '../../core/awaitable.js';
import type { Cancel, Clock } from '../../core/clock.js';
import { randomId } from '../../core/identifier.js';
import { type Linked, LinkedList } from '../../core/linked-list.js';
import { ALERT_SEVERITIES } from '../../events/alert-events.js';
import type { SecurityEventChannel } from '../../events/security-events.js';
import type { SecurityAlert } from '../on-security-alert.js';
import type { ResolvedAlertWebhook } from './alert-webhook.options.js';
import { readRetryAfter, retryDelay } from './retry-delay.js';
import { signedFields } from './webhook-signature.js';

/** What a webhook tells. Nothing here may throw. */
export interface AlertWebhookListener {
  /** Alerts were lost: they found no room, or the receiver never took them. */
  onLost(losses: { readonly dropped: number; readonly failed: number }): void;
  /** @param error why an alert was given up. */
  onFault(error: Error): void;
}

interface Message extends Linked {
  readonly id: string;
  readonly body: string;
  /** Monotonic moment after which it is given up. */
  readonly due: number;
}

/** What became of one attempt. */
type Outcome = 'taken' | 'gone' | { readonly why: string; readonly retryAfterMs: number };

/**
 * Posts alerts to one address, one after the other in their order, each until it is taken or given up. Signed as Standard
 * Webhooks 1.0 says: the id of an alert is the same at each attempt, the time and the signature are the attempt's.
 */
export class AlertWebhook {
  readonly #waiting = new LinkedList<Message>();
  readonly #abort = new AbortController();
  readonly #minSeverity: number;
  #sending: Promise<void> | undefined;
  #cancelDelay: Cancel | undefined;
  #endDelay: (() => void) | undefined;
  /** The receiver said that it wants no more. */
  #isGone = false;
  #isClosing = false;
  /** Whether the last attempt failed. */
  #hasFailed = false;
  #dropped = 0;
  #failed = 0;

  constructor(
    private readonly options: ResolvedAlertWebhook,
    private readonly clock: Clock,
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
    if (this.#isGone || this.#isClosing || this.#waiting.size >= this.options.maxQueued) {
      this.#dropped++;
      this.listener.onLost({ dropped: 1, failed: 0 });
      return;
    }
    const { type, time: timestamp, ...data } = alert;
    const due = this.clock.monotonic() + this.options.giveUpAfterMs;
    const body = JSON.stringify({ type, timestamp, data });
    this.#waiting.add({ id: `msg_${randomId()}`, body, due, previous: undefined, next: undefined });
    this.#sending ??= this.#sendAll();
  }

  /** Tries once more what waits, for at most `timeoutMs` milliseconds; then it is lost. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    this.#endDelay?.();
    if (this.#sending !== undefined) await withDeadline(this.#sending, timeoutMs, this.clock, undefined);
    this.#abort.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let message = this.#waiting.first; message !== undefined; message = this.#waiting.first) {
      const fault = await this.#deliver(message);
      this.#waiting.remove(message);
      if (fault === undefined) continue;
      this.#failed++;
      this.listener.onFault(new Error(fault));
      this.listener.onLost({ dropped: 0, failed: 1 });
    }
    this.#sending = undefined;
  }

  /** @returns why it was given up; `undefined` where it was taken. */
  async #deliver(message: Message): Promise<string | undefined> {
    for (let failures = 1; ; failures++) {
      if (this.#isGone) return 'The receiver wants no more alerts (410).';
      const outcome = await this.#attempt(message);
      this.#hasFailed = outcome !== 'taken';
      if (outcome === 'taken') return undefined;
      if (outcome === 'gone') {
        this.#isGone = true;
        continue;
      }
      const delayMs = retryDelay(failures, outcome.retryAfterMs, this.random());
      const isLast = this.#isClosing || this.clock.monotonic() + delayMs > message.due;
      if (isLast) return `An alert was given up: the receiver ${outcome.why}.`;
      await this.#wait(delayMs);
    }
  }

  async #attempt({ id, body }: Message): Promise<Outcome> {
    const { url, secrets, timeoutMs } = this.options;
    if (this.#abort.signal.aborted) return { why: 'did not take it before the application ended', retryAfterMs: 0 };
    const abort = new AbortController();
    const onClosed = (): void => abort.abort();
    this.#abort.signal.addEventListener('abort', onClosed);
    const cancel = this.clock.after(timeoutMs, onClosed);
    try {
      const timestamp = Math.floor(this.clock.now() / 1000);
      const response = await fetch(url as URL, {
        method: 'POST',
        // Followed, it could lead anywhere, and would take the alert along.
        redirect: 'manual',
        signal: abort.signal,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'secure-ws',
          ...signedFields({ id, timestamp, body }, secrets),
        },
        body,
      });
      if (response.ok) return 'taken';
      if (response.status === 410) return 'gone';
      const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), this.clock.now());
      return { why: `answered ${response.status}`, retryAfterMs };
    } catch (error) {
      const why = abort.signal.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached${codeOf(error)}`;
      return { why, retryAfterMs: 0 };
    } finally {
      cancel();
      this.#abort.signal.removeEventListener('abort', onClosed);
      // What the receiver says beside its status is not read.
      abort.abort();
    }
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

/** What Node says beneath `fetch failed`: a word such as `ECONNREFUSED`. */
function codeOf(error: unknown): string {
  const { code } = (error instanceof Error ? (error.cause ?? error) : {}) as { readonly code?: unknown };
  return typeof code === 'string' ? ` (${code})` : '';
}
