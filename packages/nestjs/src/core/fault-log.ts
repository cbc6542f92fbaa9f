import { ContainedLogger } from './contained-logger.js';
import { takeHoldBriefly } from './give-up.js';
import { type Clock, SystemClock } from './clock.js';
import { toLine } from './visible-text.js';

/** How many exceptions of one place are written in a second: a client may be able to cause them (DR-24). */
const MAX_PER_SECOND = 20;
const WINDOW_MS = 1000;

/** A stack with a long message in it, which a client may have written. */
const MAX_EXCEPTION = 4096;

/** How many exceptions of a chain of causes are written. */
const MAX_PARTS = 4;

// The lookbehind makes a run of word characters one attempt: without it a text of many `eyJ` would be searched from each.
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]*\.[\w-]+\.?[\w-]*/g;
const AUTHORIZATION = /\b(bearer|basic)[ .:]+[\w.~+/=-]{8,}/gi;

interface Place {
  windowStart: number;
  written: number;
  suppressed: number;
}

/**
 * Logs exceptions of the application with their stack, for its operator. Security events never carry them: an exception's
 * text may hold what a client sent.
 */
export class FaultLog {
  readonly #logger = new ContainedLogger('SecureWs');
  readonly #places = new Map<string, Place>();

  constructor(private readonly clock: Clock = new SystemClock()) {}

  /**
   * Writes one line of JSON, whatever line breaks the exception's text has, with credentials blacked out. Of many in a
   * second, the next line says how many were left out. Never throws.
   *
   * @param where the place in the code, one of a fixed set such as `OrdersGateway.place`.
   * @param correlationId that of the answer, or the id of the connection; empty where there is neither.
   */
  write(where: string, correlationId: string, exception: unknown): void {
    takeHoldBriefly(exception);
    const place = this.#placeOf(where);
    if (place.written >= MAX_PER_SECOND) {
      place.suppressed++;
      return;
    }
    place.written++;
    const { suppressed } = place;
    place.suppressed = 0;
    const line = {
      where,
      ...(correlationId !== '' && { correlationId }),
      exception: describe(exception),
      ...(suppressed > 0 && { suppressed }),
    };
    try {
      this.#logger.error(toLine(line));
    } catch {
      // A logger of the application's that throws: nothing is left to tell it to.
    }
  }

  /**
   * Writes what is no fault, and most likely a mistake. Never throws.
   *
   * @param where as in {@link write}.
   * @param warning nothing that a client sent.
   */
  warn(where: string, warning: string): void {
    try {
      this.#logger.warn(toLine({ where, warning }));
    } catch {
      // As in write().
    }
  }

  #placeOf(where: string): Place {
    const now = this.clock.monotonic();
    let place = this.#places.get(where);
    if (place === undefined) this.#places.set(where, (place = { windowStart: now, written: 0, suppressed: 0 }));
    if (now - place.windowStart >= WINDOW_MS) {
      place.windowStart = now;
      place.written = 0;
    }
    return place;
  }
}

function describe(exception: unknown): string {
  try {
    const parts = [textOf(exception)];
    // Of what caused it the message alone: `fetch failed` says nothing, and ECONNREFUSED two causes below it does.
    for (let cause = causeOf(exception); parts.length < MAX_PARTS && cause !== undefined; cause = causeOf(cause)) {
      parts.push(`caused by ${messageOf(cause)}`);
    }
    return redact(parts.join('\n').slice(0, MAX_EXCEPTION));
  } catch {
    // A getter of the exception's own that throws.
    return 'an exception that cannot be read';
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : `a thrown ${typeof thrown}`;
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `a thrown ${typeof thrown}`;
  const { code } = thrown as { readonly code?: unknown };
  return `${thrown.name}: ${thrown.message}${typeof code === 'string' ? ` (${code})` : ''}`;
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined;
}

/** Blacks out what looks like a credential (OWASP ASVS 5.0 16.2.5): libraries put them into the texts of their errors. */
function redact(text: string): string {
  return text.replace(JSON_WEB_TOKEN, '[redacted]').replace(AUTHORIZATION, '$1 [redacted]');
}
