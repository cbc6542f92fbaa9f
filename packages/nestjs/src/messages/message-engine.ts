import { randomId } from '../core/identifier.js';
import type { Clock } from '../core/clock.js';
import { type Deadline, DeadlineList } from '../core/deadline-list.js';
import type { JsonLimits } from '../core/safe-json.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { FaultLog } from '../events/fault-log.js';
import type { SecurityEventFields } from '../events/security-event.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { PrincipalThrottles } from '../throttling/principal-throttles.js';
import type { ResolvedThrottlingOptions } from '../throttling/throttling.options.js';
import type { ViolationLedger } from '../throttling/violations/violation-ledger.js';
import type { ResolvedMessagesOptions } from './messages.options.js';
import type { Refusal } from './refusal.js';

/** The parts of an application that its messages use. */
export interface MessageParts {
  readonly clock: Clock;
  readonly events: SecurityEvents;
  readonly faults: FaultLog;
  readonly principals: PrincipalThrottles;
  readonly ledger: ViolationLedger;
  readonly detailedErrors: boolean;
  readonly policyTimeoutMs: number;
}

/** The limits that the connections of one path share. */
export interface MessageSettings {
  readonly messages: ResolvedMessagesOptions;
  readonly throttling: ResolvedThrottlingOptions;
  readonly validation: JsonLimits & { readonly maxMessageBytes: number };
}

/** What a message may wait for: a policy or a validator; its handler; a handler that was answered `TIMEOUT` already. */
export type Waiting = 'judging' | 'handling' | 'overdue';

/** A message that waits. */
export interface WaitingMessage extends Deadline {
  /** Its time is over; the list has dropped it. */
  expired(waiting: Waiting): void;
}

/** What an audit record says of a message. */
export interface AuditedMessage {
  readonly connection: WsConnection;
  readonly handler: { readonly plan: { readonly event: string; readonly label: string } } | undefined;
}

/** What the connections of one path share: limits, clock, events, and the deadlines of messages that wait. */
export class MessageEngine {
  /** The deadlines that run, by what they are for. */
  readonly deadlines: Readonly<Record<Waiting, DeadlineList<WaitingMessage>>>;
  readonly clock: Clock;
  readonly events: SecurityEvents;
  readonly faults: FaultLog;
  #onNextTick: (() => void)[] = [];

  constructor(
    readonly parts: MessageParts,
    readonly settings: MessageSettings,
  ) {
    this.clock = parts.clock;
    this.events = parts.events;
    this.faults = parts.faults;
    const { handlerTimeoutMs } = settings.messages;
    this.deadlines = {
      judging: deadlines('judging', parts.policyTimeoutMs),
      handling: deadlines('handling', handlerTimeoutMs),
      overdue: deadlines('overdue', handlerTimeoutMs),
    };
  }

  /** Calls `run` at the next tick of the coarse timer. */
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

  /** Audits a refused message. */
  report(connection: WsConnection, refusal: Refusal, event: string | undefined, correlationId: string): void {
    this.events.emit({ type: 'ws.message.refused', ...record(connection, refusal, event, correlationId) });
  }

  /** Reports a message that is handled all the same, because its gateway is still being migrated. */
  reportOnly(message: AuditedMessage, refusal: Refusal): void {
    const { connection, handler } = message;
    const correlationId = randomId();
    this.events.emit({
      type: 'ws.message.reported',
      ...record(connection, refusal, handler?.plan.event, correlationId),
    });
    if (refusal.fault !== undefined)
      this.faults.write(handler?.plan.label ?? '', correlationId, refusal.fault.exception);
  }
}

function record(
  connection: WsConnection,
  refusal: Refusal,
  event: string | undefined,
  correlationId: string,
): SecurityEventFields<'ws.message.refused'> {
  return {
    code: refusal.code,
    reason: refusal.reason,
    connectionId: connection.id,
    principal: connection.principal.key,
    path: connection.path,
    address: connection.address,
    ...(event === undefined ? {} : { event }),
    ...(refusal.missing === undefined ? {} : { missing: refusal.missing }),
    correlationId,
  };
}

function deadlines(waiting: Waiting, durationMs: number): DeadlineList<WaitingMessage> {
  return new DeadlineList(durationMs, (message) => {
    message.expired(waiting);
  });
}
