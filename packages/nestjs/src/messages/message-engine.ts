import { randomId } from '../core/identifier.js';
import type { Clock } from '../core/clock.js';
import { type Deadline, DeadlineList } from '../core/deadline-list.js';
import type { CompiledObserver } from '../core/observers.js';
import type { OutputWriter } from '../core/output.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { FaultLog } from '../core/fault-log.js';
import type { SecurityEventFields } from '../events/security-event.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { PathLimits } from '../gateway-settings.js';
import type { MessageThrottles } from '../throttling/message-throttles.js';
import type { ViolationLedger } from '../throttling/violations/violation-ledger.js';
import type { Refusal } from './refusal.js';

export interface MessageParts {
  readonly clock: Clock;
  readonly events: SecurityEvents;
  readonly faults: FaultLog;
  readonly outputs: OutputWriter;
  readonly throttles: MessageThrottles;
  readonly ledger: ViolationLedger;
  readonly detailedErrors: boolean;
  readonly policyTimeoutMs: number;
  /** Who is told of messages; absent where nobody is. */
  readonly observer?: CompiledObserver | undefined;
}

export type MessageSettings = Pick<PathLimits, 'messages' | 'throttling' | 'validation'>;

/** What a message may wait for: a policy or a validator; its handler; a handler that was answered `TIMEOUT` already. */
export type Waiting = 'judging' | 'handling' | 'overdue';

export interface WaitingMessage extends Deadline {
  /** Its time is over; the list has dropped it. */
  expired(waiting: Waiting): void;
}

/** What the connections of one path share: limits, clock, events, and the deadlines of messages that wait. */
export class MessageEngine {
  /** The deadlines that run, by what they are for. */
  readonly deadlines: Readonly<Record<Waiting, DeadlineList<WaitingMessage>>>;
  readonly clock: Clock;
  readonly observer: CompiledObserver | undefined;
  #onNextTick: (() => void)[] = [];

  constructor(
    readonly parts: MessageParts,
    readonly settings: MessageSettings,
    /** How many bytes a message may carry beside its values; 0 where it may carry none. */
    readonly maxBytes = 0,
  ) {
    this.clock = parts.clock;
    this.observer = parts.observer;
    const { handlerTimeoutMs } = settings.messages;
    this.deadlines = {
      judging: deadlines('judging', parts.policyTimeoutMs),
      handling: deadlines('handling', handlerTimeoutMs),
      overdue: deadlines('overdue', handlerTimeoutMs),
    };
  }

  onNextTick(run: () => void): void {
    this.#onNextTick.push(run);
  }

  /** Looks at the deadlines of messages. Called by the coarse timer. */
  expire(now: number): void {
    for (const list of Object.values(this.deadlines)) list.expire(now);
    const due = this.#onNextTick;
    this.#onNextTick = [];
    for (const run of due) run();
  }

  /**
   * Audits a refused message, or one whose gateway is still being migrated, and writes down what the application threw.
   *
   * @param handler whose message it is, where that is known.
   * @param isHandled whether it is handled all the same.
   * @returns the id that the records carry.
   */
  report(
    connection: WsConnection,
    refusal: Refusal,
    handler: { readonly event: string; readonly label: string } | undefined,
    isHandled = false,
  ): string {
    const correlationId = randomId();
    const { id: connectionId, path, address, principal } = connection;
    const { code, reason, missing, option, fault } = refusal;
    const record: SecurityEventFields<'ws.message.refused'> = {
      ...{ code, reason, connectionId, principal: principal.key, path, address },
      ...(handler === undefined ? {} : { event: handler.event }),
      ...(missing === undefined ? {} : { missing }),
      ...(option === undefined ? {} : { option }),
      correlationId,
    };
    this.parts.events.emit(
      isHandled ? { type: 'ws.message.reported', ...record } : { type: 'ws.message.refused', ...record },
    );
    if (fault !== undefined) this.parts.faults.write(handler?.label ?? reason, correlationId, fault.exception);
    return correlationId;
  }
}

function deadlines(waiting: Waiting, durationMs: number): DeadlineList<WaitingMessage> {
  return new DeadlineList(durationMs, (message) => message.expired(waiting));
}
