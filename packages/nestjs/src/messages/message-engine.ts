import { randomId } from '../core/identifier.js';
import type { Clock } from '../core/clock.js';
import { DeadlineList } from '../core/deadline-list.js';
import type { JsonLimits } from '../core/safe-json.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { FaultLog } from '../events/fault-log.js';
import type { SecurityEventFields } from '../events/security-event.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { PrincipalThrottles } from '../throttling/principal-throttles.js';
import type { ResolvedThrottlingOptions } from '../throttling/throttling.options.js';
import type { ViolationLedger } from '../throttling/violations/violation-ledger.js';
import type { Message } from './message.js';
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

/** Something that is looked at with the deadlines, until it answers `false`. */
export type OnTick = (now: number) => boolean;

/** What the connections of one path share: limits, clock, events, and the deadlines of messages that wait. */
export class MessageEngine {
  /** Policies and asynchronous validators. */
  readonly judging: DeadlineList<Message>;
  /** Handlers. */
  readonly handling: DeadlineList<Message>;
  /** Handlers that were answered with `TIMEOUT` and have not ended. */
  readonly overdue: DeadlineList<Message>;
  readonly clock: Clock;
  readonly events: SecurityEvents;
  readonly faults: FaultLog;
  readonly #onTick = new Set<OnTick>();

  constructor(
    readonly parts: MessageParts,
    readonly settings: MessageSettings,
  ) {
    this.clock = parts.clock;
    this.events = parts.events;
    this.faults = parts.faults;
    const { handlerTimeoutMs } = settings.messages;
    this.judging = deadlines(parts.policyTimeoutMs, (message) => {
      // AZ-09: a policy or a validator that does not answer has refused.
      message.settle({ code: 'FORBIDDEN', reason: 'policy-timeout' });
    });
    this.handling = deadlines(handlerTimeoutMs, (message) => {
      message.answerLate({ code: 'TIMEOUT', reason: 'handler-timeout' });
      // A stream that has not begun ends with that; anything else has the same time once more.
      if (!message.source.endStream(message)) message.startDeadline(this.overdue, this.clock.monotonic());
    });
    this.overdue = deadlines(handlerTimeoutMs, (message) => {
      message.connection.close('INTERNAL');
    });
  }

  /** Calls `run` at each tick of the coarse timer until it answers `false`. */
  onTick(run: OnTick): void {
    this.#onTick.add(run);
  }

  /** Looks at the deadlines of messages. Called by the coarse timer. */
  expire(now: number): void {
    this.judging.expire(now);
    this.handling.expire(now);
    this.overdue.expire(now);
    for (const run of this.#onTick) if (!run(now)) this.#onTick.delete(run);
  }

  /** Audits a refused message. */
  report(connection: WsConnection, refusal: Refusal, event: string | undefined, correlationId: string): void {
    this.events.emit({ type: 'ws.message.refused', ...record(connection, refusal, event, correlationId) });
  }

  /** Reports a message that is handled all the same, because its gateway is still being migrated. */
  reportOnly(message: Message, refusal: Refusal): void {
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

function deadlines(durationMs: number, onExpired: (message: Message) => void): DeadlineList<Message> {
  return new DeadlineList(durationMs, (message) => {
    message.deadlineExpired();
    onExpired(message);
  });
}
