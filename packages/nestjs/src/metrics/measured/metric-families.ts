/** How the values of two applications that share a registry become one. */
export type MetricMerge = 'sum' | 'min' | 'max';

/** One metric: what it is called, and what it is told apart by. */
export interface MetricFamily {
  readonly name: `secure_ws_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** @default 'sum' */
  readonly merge?: MetricMerge;
}

/**
 * Every metric, named as Prometheus wants it: base units, `_total` for what only grows. Every label has its values from a
 * closed list, so that nothing a client sends makes a series (MO-11, OWASP ASVS 5.0 15.2.2).
 */
export const METRIC_FAMILIES = Object.freeze({
  ready: {
    name: 'secure_ws_ready',
    type: 'gauge',
    help: 'Whether handshakes are admitted: 1 from the end of the boot to the beginning of the drain.',
    labels: [],
    merge: 'min',
  },
  connections: {
    name: 'secure_ws_connections',
    type: 'gauge',
    help: 'Connections of this node by state. Those that are paused are open as well.',
    labels: ['state'],
  },
  closed: {
    name: 'secure_ws_connections_closed_total',
    type: 'counter',
    help: 'Connections that ended, by the close of the server, or by which side ended it.',
    labels: ['reason'],
  },
  handshakes: {
    name: 'secure_ws_handshakes_total',
    type: 'counter',
    help: 'Handshakes by result, and by the check that refused.',
    labels: ['result', 'reason'],
  },
  handshakesReported: {
    name: 'secure_ws_handshakes_reported_total',
    type: 'counter',
    help: 'Handshakes that met a limit which only reports, by limit.',
    labels: ['reason'],
  },
  handshakeDuration: {
    name: 'secure_ws_handshake_duration_seconds',
    type: 'histogram',
    help: 'From the request of a handshake to its decision, without waiting for a first message.',
    labels: ['result'],
  },
  messagesReceived: {
    name: 'secure_ws_messages_received_total',
    type: 'counter',
    help: 'Messages of clients by event and result.',
    labels: ['event', 'result'],
  },
  bytesReceived: {
    name: 'secure_ws_received_bytes_total',
    type: 'counter',
    help: 'Bytes of the messages of clients by event and result, without frame headers.',
    labels: ['event', 'result'],
  },
  messagesSent: {
    name: 'secure_ws_messages_sent_total',
    type: 'counter',
    help: 'Messages for clients by event and result.',
    labels: ['event', 'result'],
  },
  bytesSent: {
    name: 'secure_ws_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of the messages for clients by event and result, without frame headers.',
    labels: ['event', 'result'],
  },
  messagesRefused: {
    name: 'secure_ws_messages_refused_total',
    type: 'counter',
    help: 'Messages that were refused, by the check that refused.',
    labels: ['reason'],
  },
  messagesReported: {
    name: 'secure_ws_messages_reported_total',
    type: 'counter',
    help: 'Messages that would have been refused, by limits that only report and on gateways under migration.',
    labels: ['reason'],
  },
  messageWait: {
    name: 'secure_ws_message_wait_duration_seconds',
    type: 'histogram',
    help: 'How long messages waited for their slot.',
    labels: [],
  },
  judgementDuration: {
    name: 'secure_ws_message_judgement_duration_seconds',
    type: 'histogram',
    help: 'From the slot of a message to its handler, or to its refusal.',
    labels: ['event'],
  },
  policyDuration: {
    name: 'secure_ws_policy_duration_seconds',
    type: 'histogram',
    help: 'How long the policies of a message took.',
    labels: ['event'],
  },
  handlerDuration: {
    name: 'secure_ws_handler_duration_seconds',
    type: 'histogram',
    help: 'How long handlers took to return.',
    labels: ['event'],
  },
  violations: {
    name: 'secure_ws_violations_exceeded_total',
    type: 'counter',
    help: 'How often a client exceeded its budget of violations, by whom the violations were charged to, and whether its connections were closed for it.',
    labels: ['charged_to', 'mode'],
  },
  limiterKeys: {
    name: 'secure_ws_limiter_keys',
    type: 'gauge',
    help: 'Principals, addresses and tenants whose messages this node counts.',
    labels: [],
  },
  queuedBytes: {
    name: 'secure_ws_queued_bytes',
    type: 'gauge',
    help: 'Bytes of messages that wait for their turn.',
    labels: [],
  },
  sendBufferBytes: {
    name: 'secure_ws_send_buffer_bytes',
    type: 'gauge',
    help: 'Bytes that wait for clients to read.',
    labels: [],
  },
  heartbeatsLost: {
    name: 'secure_ws_heartbeats_lost_total',
    type: 'counter',
    help: 'Connections that were closed because they did not answer a ping.',
    labels: [],
  },
  roundTrip: {
    name: 'secure_ws_heartbeat_round_trip_seconds',
    type: 'histogram',
    help: 'From a ping to its pong.',
    labels: [],
  },
  storeUp: {
    name: 'secure_ws_store_up',
    type: 'gauge',
    help: 'Whether the shared store answers. There is no series where there is none.',
    labels: [],
    merge: 'min',
  },
  storeDuration: {
    name: 'secure_ws_store_call_duration_seconds',
    type: 'histogram',
    help: 'How long the shared store took to answer, or to fail.',
    labels: ['result'],
  },
  auditQueue: {
    name: 'secure_ws_audit_queue_events',
    type: 'gauge',
    help: 'Security events that wait for a sink or a listener.',
    labels: ['sink'],
  },
  auditLost: {
    name: 'secure_ws_audit_events_lost_total',
    type: 'counter',
    help: 'Security events that did not reach a sink or a listener: its queue was full, or it failed.',
    labels: ['sink', 'cause'],
  },
  auditUp: {
    name: 'secure_ws_audit_sink_up',
    type: 'gauge',
    help: 'Whether a sink or a listener takes its events.',
    labels: ['sink'],
    merge: 'min',
  },
  shedding: {
    name: 'secure_ws_shedding',
    type: 'gauge',
    help: 'Whether the process is overloaded, and refuses new handshakes.',
    labels: [],
    merge: 'max',
  },
  underAttack: {
    name: 'secure_ws_under_attack',
    type: 'gauge',
    help: 'Whether handshakes come so fast that a challenge is asked of everybody.',
    labels: [],
    merge: 'max',
  },
  events: {
    name: 'secure_ws_security_events_total',
    type: 'counter',
    help: 'Security events by type.',
    labels: ['type'],
  },
} as const satisfies Record<string, MetricFamily>);

/** What a metric is called in the code. */
export type MetricKey = keyof typeof METRIC_FAMILIES;

/** Those that are histograms. */
export type HistogramKey = {
  [Key in MetricKey]: (typeof METRIC_FAMILIES)[Key]['type'] extends 'histogram' ? Key : never;
}[MetricKey];

/** All of them, in the order of the table. */
export const METRIC_KEYS = Object.freeze(Object.keys(METRIC_FAMILIES)) as readonly MetricKey[];

/** The row of a metric. */
export function familyOf(key: MetricKey): MetricFamily {
  return METRIC_FAMILIES[key];
}

/** Whether a metric is a histogram. */
export function isHistogram(key: MetricKey): key is HistogramKey {
  return familyOf(key).type === 'histogram';
}
