import type { ValidationIssue, WsErrorCode, MessageId } from '@secure-ws/protocol';
import type { MessageReason } from '../events/event-reasons.js';
import type { SecurityEventFields } from '../events/security-event.js';
import type { FaultLog } from '../events/fault-log.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { Clock } from '../core/clock.js';
import { DeadlineList } from '../core/deadline-list.js';
import { randomId } from '../core/identifier.js';
import type { ValidatedPayloads } from '../core/validated-payloads.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import type { ResolvedThrottlingOptions } from '../throttling/throttling.options.js';
import type { ViolationLedger } from '../throttling/violations/violation-ledger.js';
import type { JsonLimits } from '../core/safe-json.js';
import type { ResolvedMessagesOptions } from './messages.options.js';
import type { PrincipalThrottles } from '../throttling/principal-throttles.js';
import type { RunningMessage } from './running-message.js';

/** A message that is refused. */
export interface Refusal {
  readonly code: WsErrorCode;
  /** The check that refused, for the audit. */
  readonly reason: MessageReason;
  readonly id?: MessageId | undefined;
  /** An event of the application's; never a name that the client made up. */
  readonly event?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly issues?: readonly ValidationIssue[] | undefined;
}

/** The limits that the connections of one path share. */
export interface PipelineSettings {
  readonly messages: ResolvedMessagesOptions;
  readonly throttling: ResolvedThrottlingOptions;
  readonly validation: JsonLimits;
}

/** What the connections of one path share: limits, clock, events, and the deadlines of messages that wait. */
export class PipelineEngine {
  /** Policies and asynchronous validators. */
  readonly judging: DeadlineList<RunningMessage>;
  /** Handlers. */
  readonly handling: DeadlineList<RunningMessage>;
  /** Handlers that were answered with `TIMEOUT` and have not ended. */
  readonly overdue: DeadlineList<RunningMessage>;

  /** Set where a `ValidationPipe` of the application asks what was validated here. */
  validated: ValidatedPayloads | undefined;

  readonly options: ResolvedMessagesOptions;
  readonly throttling: ResolvedThrottlingOptions;
  readonly jsonLimits: JsonLimits;

  constructor(
    readonly clock: Clock,
    readonly events: SecurityEvents,
    readonly faults: FaultLog,
    readonly principals: PrincipalThrottles,
    readonly ledger: ViolationLedger,
    settings: PipelineSettings,
    readonly detailedErrors: boolean,
    policyTimeoutMs: number,
  ) {
    this.options = settings.messages;
    this.throttling = settings.throttling;
    this.jsonLimits = settings.validation;
    this.judging = deadlines(policyTimeoutMs, (message) => {
      message.pipeline.onJudgementTimeout(message);
    });
    this.handling = deadlines(settings.messages.handlerTimeoutMs, (message) => {
      message.pipeline.onHandlerTimeout(message);
    });
    this.overdue = deadlines(settings.messages.handlerTimeoutMs, (message) => {
      message.connection.close('INTERNAL');
    });
  }

  /** Looks at the deadlines of messages. Called by the coarse timer. */
  expire(now: number): void {
    this.judging.expire(now);
    this.handling.expire(now);
    this.overdue.expire(now);
  }

  /** Audits a refused message. */
  report(connection: ManagedConnection, refusal: Refusal, correlationId: string = randomId()): void {
    this.events.emit({ type: 'ws.message.refused', ...record(connection, refusal, correlationId) });
  }

  /** Reports a message that is handled all the same, because its gateway is still being migrated. */
  reportOnly(connection: ManagedConnection, refusal: Refusal): void {
    this.events.emit({ type: 'ws.message.reported', ...record(connection, refusal, randomId()) });
  }
}

function record(
  connection: ManagedConnection,
  refusal: Refusal,
  correlationId: string,
): SecurityEventFields<'ws.message.refused'> {
  return {
    code: refusal.code,
    reason: refusal.reason,
    connectionId: connection.id,
    principal: connection.principal.key,
    path: connection.path,
    address: connection.address,
    ...(refusal.event === undefined ? {} : { event: refusal.event }),
    correlationId,
  };
}

function deadlines(durationMs: number, onExpired: (message: RunningMessage) => void): DeadlineList<RunningMessage> {
  return new DeadlineList(durationMs, (message) => {
    message.onDeadlineExpired();
    onExpired(message);
  });
}
