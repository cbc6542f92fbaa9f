/** Code of the application that threw outside a message: a lifecycle hook, an exception filter. */
export interface ApplicationFailedEvent {
  readonly type: 'ws.application.failed';
  readonly owasp: 'sys_crash';
  /** The class and method. */
  readonly where: string;
  readonly connectionId?: string;
}

/** An option in use that weakens the module; one at boot for each (OWASP ASVS 5.0 13.4.2). */
export interface WeakConfigurationEvent {
  readonly type: 'ws.config.weak';
  readonly owasp: 'sys_monitor_disabled';
  readonly option: string;
  readonly warning: string;
}

/** The process leaves: no handshake is admitted any more, and open connections are asked to go. */
export interface DrainStartedEvent {
  readonly type: 'ws.drain.started';
  readonly owasp: 'sys_shutdown';
  readonly connections: number;
}

/** The process has no connection any more. */
export interface DrainFinishedEvent {
  readonly type: 'ws.drain.finished';
  readonly owasp: 'sys_shutdown';
  readonly durationMs: number;
  /** How many connections were still there when the time was over, and were cut off. */
  readonly terminated: number;
}

/** Events that did not reach a sink or a listener since the last report; at most one a second for each of them. */
export interface AuditDroppedEvent {
  readonly type: 'ws.audit.dropped';
  readonly owasp: 'sys_monitor_disabled';
  /** The class of the sink, or class and method of the listener. */
  readonly sink: string;
  /** How many did not fit into its queue. */
  readonly dropped: number;
  /** How many it threw at, rejected, or did not take in time. */
  readonly failed: number;
}

/** What a sink was spared, because too much of the same kind came at once; at most one a second. */
export interface AuditSummaryEvent {
  readonly type: 'ws.audit.summary';
  readonly owasp: 'excess_rate_limit_exceeded';
  /** The exact number of events that were left out, by type and reason, such as `ws.message.refused/json-syntax`. */
  readonly suppressed: Readonly<Record<string, number>>;
  /** The sum of `suppressed`. */
  readonly total: number;
}
