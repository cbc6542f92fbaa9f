import { ANONYMOUS_KIND } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import { EventWindow } from './event-window.js';
import { type MessageThrottles, type SharedSubject, subjectKey } from './message-throttles.js';
import type { SubjectThrottle } from './subject-throttles.js';
import type { OnReported, ThrottleFinding, ThrottleReason } from './throttle-finding.js';
import type { EventThrottle, ThrottleValues } from './throttle-rule.js';
import { ThrottleWindows } from './throttle-windows.js';
import type { ResolvedThrottlingOptions } from './throttling.options.js';

/** The shared limits that every message may be counted by, in the order in which they are asked. */
const SHARED = ['principal', 'address', 'tenant'] as const satisfies readonly SharedSubject[];

/** What one connection may send. */
type ConnectionLimits = Pick<ResolvedThrottlingOptions, 'connection' | 'connectionBytesPerSecond' | 'mode'>;

/** How much one connection may send: messages and bytes. */
class ConnectionThrottle {
  readonly messages: ThrottleWindows;
  readonly bytes: ThrottleWindows;

  constructor({ connection, connectionBytesPerSecond, mode }: ConnectionLimits) {
    this.messages = new ThrottleWindows(connection);
    this.bytes = new ThrottleWindows([{ limit: connectionBytesPerSecond, ttl: 1000, mode }]);
  }
}

/**
 * What the messages of one connection are counted by. A message is taken by every window that it is asked for, or by none:
 * what one refuses uses up no other.
 */
export class MessageLimits {
  readonly #connection: ConnectionThrottle;
  readonly #subjects: Partial<Record<SharedSubject, SubjectThrottle>> = {};
  readonly #counted: readonly SharedSubject[];
  #events: Map<EventThrottle, EventWindow> | undefined;
  #isReleased = false;

  constructor(
    private readonly throttles: MessageThrottles,
    limits: ConnectionLimits,
    private readonly connection: WsConnection,
    private readonly onReported: OnReported,
    /** The same socket under another identity: it does not start over. */
    before?: MessageLimits,
  ) {
    this.#connection = before === undefined ? new ConnectionThrottle(limits) : before.#connection;
    this.#events = before === undefined ? undefined : before.#events;
    this.#counted = SHARED.filter((subject) => throttles.by(subject).hasRules);
  }

  /** Whether it may send half as much: it is anonymous, and the process overloaded. */
  get isShed(): boolean {
    return this.throttles.isShedding() && this.connection.principal.kind === ANONYMOUS_KIND;
  }

  /** Counts a message as it arrives. @returns what refuses it; `undefined` when all windows have taken it. */
  arrive(now: number, bytes: number): ThrottleFinding | undefined {
    if (this.#isReleased) return GONE;
    const { messages, bytes: byteWindows } = this.#connection;
    const wait = messages.wait(now);
    // Negated throughout: NaN fails the comparison, so it refuses.
    if (!(wait <= 0)) return finding('connection-throttle', wait, 'throttling.connection');
    const byteWait = byteWindows.wait(now, bytes);
    if (!(byteWait <= 0)) return finding('connection-throttle', byteWait, 'throttling.connectionBytesPerSecond');
    for (const subject of this.#counted) {
      const sharedWait = this.#obtain(subject).wait(now);
      if (!(sharedWait <= 0)) return finding(REASONS[subject], sharedWait, `throttling.${subject}`);
    }
    if (this.isShed) {
      const shedWait = this.#halfWait(now, bytes);
      if (!(shedWait <= 0)) return finding('shedding', shedWait, 'throttling.shedding');
    }
    this.#take(now, bytes);
    return undefined;
  }

  /** The window that counts a rule of an event. */
  windowOf(rule: EventThrottle, now: number): EventWindow {
    if (rule.by !== 'connection') return this.#obtain(rule.by).windowOf(rule, now);
    this.#events ??= new Map();
    let window = this.#events.get(rule);
    if (window === undefined) this.#events.set(rule, (window = new EventWindow(rule)));
    return window;
  }

  /** A rule whose values are computed was counted by these. */
  remember(rule: EventThrottle, values: ThrottleValues): void {
    if (rule.fixed === undefined && rule.by !== 'connection') this.#obtain(rule.by).remember(values);
  }

  /** What counts the messages of a rule in a storage that others share. */
  keyOf({ by }: EventThrottle): string {
    return subjectKey(by, this.connection.principal, this.connection);
  }

  /** Tells of what only reports. */
  report(reported: ThrottleFinding): void {
    this.onReported(reported);
  }

  /** As {@link MessageThrottles.inBackground}. */
  inBackground(work: () => Promise<void>): boolean {
    return this.throttles.inBackground(work);
  }

  /** Whether the connection has ended: nothing is counted, or let through, any more. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** The connection has ended. Twice is harmless. */
  release(): void {
    this.#isReleased = true;
    for (const subject of SHARED) {
      const throttle = this.#subjects[subject];
      if (throttle !== undefined) this.throttles.by(subject).release(throttle);
      this.#subjects[subject] = undefined as never;
    }
  }

  #halfWait(now: number, bytes: number): number {
    const { messages, bytes: byteWindows } = this.#connection;
    let longest = Math.max(messages.halfWait(now), byteWindows.halfWait(now, bytes));
    // What strangers share is left alone: it is not this client's to halve.
    if (this.#counted.includes('principal')) longest = Math.max(longest, this.#obtain('principal').halfWait(now));
    return longest;
  }

  #take(now: number, bytes: number): void {
    const { messages, bytes: byteWindows } = this.#connection;
    const wait = messages.take(now);
    if (wait > 0) this.report(finding('connection-throttle', wait, 'throttling.connection'));
    const byteWait = byteWindows.take(now, bytes);
    if (byteWait > 0) this.report(finding('connection-throttle', byteWait, 'throttling.connectionBytesPerSecond'));
    for (const subject of this.#counted) {
      const sharedWait = this.#obtain(subject).take(now);
      if (sharedWait > 0) this.report(finding(REASONS[subject], sharedWait, `throttling.${subject}`));
    }
  }

  #obtain(subject: SharedSubject): SubjectThrottle {
    const known = this.#subjects[subject];
    if (known !== undefined) return known;
    const { connection } = this;
    const throttle = this.throttles.by(subject).obtain(subjectKey(subject, connection.principal, connection));
    this.#subjects[subject] = throttle;
    return throttle;
  }
}

const REASONS = {
  principal: 'principal-throttle',
  address: 'address-throttle',
  tenant: 'tenant-throttle',
} as const satisfies Record<SharedSubject, ThrottleReason>;

/** The answer to a message of a connection that has ended. */
export const GONE: ThrottleFinding = Object.freeze({
  reason: 'connection-throttle',
  waitMs: 1,
  option: 'throttling.connection',
});

const finding = (reason: ThrottleReason, waitMs: number, option: string): ThrottleFinding => ({
  reason,
  waitMs,
  option,
});
