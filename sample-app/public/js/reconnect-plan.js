const BASE_MS = 1000;
const CEILING_MS = 30_000;
const LIMITED_ATTEMPTS = 3;

/**
 * Turns the advice that belongs to a close code into a plan.
 *
 * Delays have full jitter (a random point between zero and the backoff), so that the clients of a server that restarts do
 * not come back in one wave.
 *
 * @param {object} close
 * @param {string} close.advice as `reconnectAdvice` of @secure-ws/protocol gives it
 * @param {number} [close.retryAfterMs] the hint of the close reason
 * @param {number} close.attempt attempts since the connection last worked
 * @param {number} [close.refused] how many closes directly before this one advised `after-refresh` as well
 * @param {() => number} [close.random]
 * @returns {{ action: 'retry', delayMs: number } | { action: 'stop' } | { action: 'log-in' }}
 */
export function planReconnect({ advice, retryAfterMs, attempt, refused = 0, random = Math.random }) {
  const backoff = () => retry(random() * Math.min(CEILING_MS, BASE_MS * 2 ** attempt));
  switch (advice) {
    case 'now':
    case 'after-challenge':
      // "Now" once; a server that keeps saying so is not helped by a client that obeys at once. (A fresh credential is
      // fetched before every attempt, and a challenge is solved where one was asked for.)
      return attempt === 0 ? retry(random() * 250) : backoff();
    case 'after-refresh':
      // A fresh credential that is refused three times is good, and its user is not: banned, or closed.
      if (refused >= LIMITED_ATTEMPTS) return { action: 'stop' };
      return attempt === 0 ? retry(random() * 250) : backoff();
    case 'now-jittered':
      return attempt === 0 ? retry(random() * 5000) : backoff();
    case 'backoff':
      return backoff();
    case 'backoff-limited':
    case 'do-not-resend':
      return attempt < LIMITED_ATTEMPTS ? backoff() : { action: 'stop' };
    case 'after-hint':
      return retryAfterMs === undefined ? backoff() : retry(retryAfterMs + random() * BASE_MS);
    case 'new-login':
      return { action: 'log-in' };
    default:
      // 'as-it-likes', 'on-demand', 'never', and whatever a later version of the protocol adds.
      return { action: 'stop' };
  }
}

/** Plans one attempt after the other, and counts them. */
export class ReconnectAttempts {
  #attempt = 0;
  // Apart from the others: a server that was away for a while has refused nobody.
  #refused = 0;

  /** The server answered something useful. */
  worked() {
    this.#attempt = 0;
    this.#refused = 0;
  }

  /** The connection was closed, or could not be made. Takes and returns what {@link planReconnect} does. */
  closed({ advice, retryAfterMs, random }) {
    const plan = planReconnect({ advice, retryAfterMs, attempt: this.#attempt, refused: this.#refused, random });
    this.#attempt += 1;
    this.#refused = advice === 'after-refresh' ? this.#refused + 1 : 0;
    return plan;
  }

  /** No credential could be fetched: none was refused. */
  notFetched(random) {
    const plan = planReconnect({ advice: 'backoff', attempt: this.#attempt, random });
    this.#attempt += 1;
    return plan;
  }
}

const retry = (delayMs) => ({ action: 'retry', delayMs: Math.round(delayMs) });
