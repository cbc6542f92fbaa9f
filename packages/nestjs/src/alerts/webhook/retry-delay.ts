const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

/** Longer than this no receiver makes the alerts behind one wait, in milliseconds. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;

/**
 * How long to wait before the next attempt: doubling from a second to a minute, of which a random half, so that the nodes of
 * a cluster do not come back together; or longer, where the receiver asks for it, a quarter of an hour at most.
 *
 * @param failures how many attempts have failed, from 1.
 * @param retryAfterMs what the receiver asks for.
 * @param random from 0 to 1.
 */
export function retryDelay(failures: number, retryAfterMs: number, random: number): number {
  const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return Math.round(Math.max(delayMs * (0.5 + random / 2), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)));
}

/**
 * The milliseconds that a `Retry-After` field asks for: seconds or a date (RFC 9110 section 10.2.3).
 *
 * @returns 0 where there is none, or nothing that can be read.
 */
export function readRetryAfter(field: string | null, now: number): number {
  if (field === null) return 0;
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000;
  // An IMF-fixdate: `Date.parse` would take `1` for a year.
  const date = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(field) ? Date.parse(field) : NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
