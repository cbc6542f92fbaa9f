import type { Clock } from '../../core/clock.js';
import type { ResolvedAlertWebhook } from './alert-webhook.options.js';
import { readRetryAfter } from './retry-delay.js';
import { signedFields } from './webhook-signature.js';

/** An alert as it is posted: the same at each attempt. */
export interface PostedAlert {
  readonly id: string;
  readonly body: string;
}

/**
 * What became of one attempt. `gone`: the receiver wants no more alerts (410). `refused`: it would refuse this one again.
 * `failed`: it may take it later.
 */
export type PostOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'gone' | 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs: number };

/** The statuses from 400 to 499 that speak of this moment, and not of what was sent. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts an alert once. Never rejects.
 *
 * @param clock dates the attempt.
 * @param networkClock measures `timeoutMs`.
 * @param closed aborted where the application does not wait any longer.
 */
export async function postAlert(
  { id, body }: PostedAlert,
  { url, secrets, timeoutMs }: ResolvedAlertWebhook,
  clock: Clock,
  networkClock: Clock,
  closed: AbortSignal,
): Promise<PostOutcome> {
  if (closed.aborted) return failed(TOO_LATE);
  const abort = new AbortController();
  const onClosed = (): void => abort.abort();
  closed.addEventListener('abort', onClosed);
  const cancel = networkClock.after(timeoutMs, onClosed);
  try {
    const timestamp = Math.floor(clock.now() / 1000);
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
    return outcomeOf(response, clock);
  } catch (error) {
    if (closed.aborted) return failed(TOO_LATE);
    return failed(abort.signal.aborted ? `did not answer within ${timeoutMs} ms` : `cannot be reached${codeOf(error)}`);
  } finally {
    cancel();
    closed.removeEventListener('abort', onClosed);
    // What the receiver says beside its status is not read.
    abort.abort();
  }
}

const TOO_LATE = 'did not take it before the application ended';

function outcomeOf({ ok, status, headers }: Response, clock: Clock): PostOutcome {
  if (ok) return { kind: 'taken' };
  if (status === 410) return { kind: 'gone', why: 'wants no more alerts (410)' };
  if (status >= 400 && status < 500 && !PASSING.has(status)) {
    return { kind: 'refused', why: `refused it with ${status}` };
  }
  return failed(`answered ${status}`, readRetryAfter(headers.get('retry-after'), clock.now()));
}

function failed(why: string, retryAfterMs = 0): PostOutcome {
  return { kind: 'failed', why, retryAfterMs };
}

/** What Node says beneath `fetch failed`: a word such as `ECONNREFUSED`. */
function codeOf(error: unknown): string {
  const { code } = (error instanceof Error ? (error.cause ?? error) : {}) as { readonly code?: unknown };
  return typeof code === 'string' ? ` (${code})` : '';
}
