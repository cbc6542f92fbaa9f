import { kindOf } from './event-kind.js';
import type { SecurityEvent, SecurityEventType } from './security-event.js';
import type { AuditSummaryEvent } from './system-events.js';

const WINDOW_MS = 1000;

/**
 * Not sampled. The first three are what a client can only cause by being admitted, which costs it a verified credential and
 * is limited by the handshake, and each of them is the only record of its connection (OWASP ASVS 5.0 16.3.1). The others
 * are rare, and bounded where they are made.
 */
const ALWAYS_PASSES: ReadonlySet<SecurityEventType> = new Set<SecurityEventType>([
  'ws.handshake.accepted',
  'ws.connection.opened',
  'ws.connection.closed',
  'ws.config.weak',
  'ws.drain.started',
  'ws.drain.finished',
  'ws.audit.dropped',
  'ws.audit.summary',
]);

/**
 * Lets so many events of one type and reason through in a second and counts the rest, so that a client which is refused in
 * a loop cannot fill a disk or push other lines out of a log (DR-24).
 */
export class EventSampler {
  readonly #passed = new Map<string, number>();
  readonly #suppressed = new Map<string, number>();
  #windowStart = -Infinity;

  /** @param maxPerSecond how many events of one type and reason pass in a second. */
  constructor(private readonly maxPerSecond: number) {}

  /** Whether something was suppressed since the last summary. */
  get hasSuppressed(): boolean {
    return this.#suppressed.size > 0;
  }

  /** Whether an event passes; one that does not is counted. `now` is monotonic milliseconds. */
  admits(event: SecurityEvent, now: number): boolean {
    if (ALWAYS_PASSES.has(event.type)) return true;
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#passed.clear();
    }
    const kind = kindOf(event);
    const passed = this.#passed.get(kind) ?? 0;
    if (passed < this.maxPerSecond) {
      this.#passed.set(kind, passed + 1);
      return true;
    }
    this.#suppressed.set(kind, (this.#suppressed.get(kind) ?? 0) + 1);
    return false;
  }

  /** What was suppressed since the last summary, or `undefined`. Starts counting anew. */
  takeSummary(): Omit<AuditSummaryEvent, 'owasp'> | undefined {
    if (!this.hasSuppressed) return undefined;
    const suppressed = Object.fromEntries(this.#suppressed);
    this.#suppressed.clear();
    const total = Object.values(suppressed).reduce((sum, count) => sum + count, 0);
    return { type: 'ws.audit.summary', suppressed, total };
  }
}
