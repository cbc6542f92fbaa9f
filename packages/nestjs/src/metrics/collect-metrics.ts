import { HANDSHAKE_REASONS, MESSAGE_REASONS } from '../events/event-reasons.js';
import type { SecurityEventCounts } from '../events/event-counters.js';
import { SECURITY_EVENT_TYPES, type SecurityEventType } from '../events/security-event.js';
import type { WsFigures } from '../ws-figures.js';
import type { DurationHistogram } from './histogram.js';
import type { EventMeasurements, Measurements, Traffic } from './measurements.js';
import type { MetricKey } from './metric-families.js';

/** One series of a metric at this moment. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | DurationHistogram;
}

/** Of the figures of a node, what becomes a metric. */
export type ScrapedFigures = Pick<
  WsFigures,
  'connections' | 'counts' | 'audit' | 'limiterKeys' | 'storeAwayMs' | 'isShedding' | 'isReady'
>;

/** What metrics are made of. */
export interface MetricSource {
  readonly measurements: Measurements;
  readonly figures: ScrapedFigures;
}

type Collector = (source: MetricSource) => readonly MetricSample[];

/** What each metric is at the moment. What may be counted is there from the beginning, at 0: the first one is a rise, too. */
export const METRIC_COLLECTORS: Readonly<Record<MetricKey, Collector>> = Object.freeze({
  ready: ({ figures }) => one(Number(figures.isReady)),
  connections: ({ figures }) => {
    const { pending, open, paused, closing } = figures.connections;
    return Object.entries({ pending, open, paused, closing }).map(([state, value]) => ({ labels: { state }, value }));
  },
  closed: ({ figures }) => reasonsOf(figures.counts, 'ws.connection.closed'),
  handshakes: ({ figures }) => {
    const { counts } = figures;
    const admitted = counts['ws.connection.opened']?.total ?? 0;
    const refused = reasonsOf(counts, 'ws.handshake.refused', HANDSHAKE_REASONS).map(({ labels, value }) => {
      const { reason = 'other' } = labels;
      return { labels: { result: reason === 'client-gone' ? 'abandoned' : 'refused', reason }, value };
    });
    return [{ labels: { result: 'admitted', reason: 'none' }, value: admitted }, ...refused];
  },
  handshakesReported: ({ figures }) => reasonsOf(figures.counts, 'ws.handshake.reported'),
  handshakeDuration: ({ measurements }) => byResult(measurements.handshakes),
  messagesReceived: ({ measurements }) => trafficOf(measurements, 'received', 'messages'),
  bytesReceived: ({ measurements }) => trafficOf(measurements, 'received', 'bytes'),
  messagesSent: ({ measurements }) => trafficOf(measurements, 'sent', 'messages'),
  bytesSent: ({ measurements }) => trafficOf(measurements, 'sent', 'bytes'),
  messagesRefused: ({ figures }) => reasonsOf(figures.counts, 'ws.message.refused', MESSAGE_REASONS),
  messagesReported: ({ figures }) => reasonsOf(figures.counts, 'ws.message.reported'),
  messageWait: ({ measurements }) => one(measurements.messageWait),
  judgementDuration: ({ measurements }) => durationsOf(measurements, 'judgement'),
  policyDuration: ({ measurements }) => durationsOf(measurements, 'policies'),
  handlerDuration: ({ measurements }) => durationsOf(measurements, 'handler'),
  violations: ({ figures }) =>
    (['exceeded', 'reported'] as const).flatMap((mode) =>
      reasonsOf(figures.counts, `ws.violations.${mode}`, { principal: true, address: true }).map(
        ({ labels, value }) => ({ labels: { charged_to: labels['reason'] ?? 'other', mode }, value }),
      ),
    ),
  limiterKeys: ({ figures }) => one(figures.limiterKeys),
  queuedBytes: ({ figures }) => one(figures.connections.queuedBytes),
  sendBufferBytes: ({ figures }) => one(figures.connections.bufferedBytes),
  heartbeatsLost: ({ figures }) => one(figures.counts['ws.connection.closed']?.reasons['HEARTBEAT_LOST'] ?? 0),
  roundTrip: ({ measurements }) => one(measurements.roundTrip),
  storeUp: ({ figures }) => (figures.storeAwayMs === undefined ? [] : one(Number(figures.storeAwayMs === 0))),
  storeDuration: ({ measurements, figures }) =>
    figures.storeAwayMs === undefined ? [] : byResult(measurements.storeCalls),
  auditQueue: ({ figures }) => figures.audit.map(({ name: sink, waiting }) => ({ labels: { sink }, value: waiting })),
  auditLost: ({ figures }) =>
    figures.audit.flatMap(({ name: sink, dropped, failed }) => [
      { labels: { sink, cause: 'queue_full' }, value: dropped },
      { labels: { sink, cause: 'sink_failed' }, value: failed },
    ]),
  auditUp: ({ figures }) =>
    figures.audit.map(({ name: sink, isHealthy }) => ({ labels: { sink }, value: Number(isHealthy) })),
  shedding: ({ figures }) => one(Number(figures.isShedding)),
  underAttack: ({ figures }) => {
    const { counts } = figures;
    const begun = counts['ws.attack.started']?.total ?? 0;
    return one(Number(begun > (counts['ws.attack.ended']?.total ?? 0)));
  },
  events: ({ figures }) =>
    SECURITY_EVENT_TYPES.map((type) => ({ labels: { type }, value: figures.counts[type]?.total ?? 0 })),
});

function one(value: number | DurationHistogram): readonly MetricSample[] {
  return [{ labels: {}, value }];
}

function byResult(histograms: Readonly<Record<string, DurationHistogram>>): readonly MetricSample[] {
  return Object.entries(histograms).map(([result, value]) => ({ labels: { result }, value }));
}

/** @param words what the reason may be; what has not happened yet is 0. */
function reasonsOf(counts: SecurityEventCounts, type: SecurityEventType, words: object = {}): readonly MetricSample[] {
  const counted: Readonly<Record<string, number>> = counts[type]?.reasons ?? {};
  const reasons = new Set([...Object.keys(words), ...Object.keys(counted)]);
  return [...reasons].map((reason) => ({ labels: { reason }, value: counted[reason] ?? 0 }));
}

function trafficOf(
  { events }: Measurements,
  direction: 'received' | 'sent',
  unit: keyof Traffic,
): readonly MetricSample[] {
  return [...events].flatMap(([event, measured]) =>
    Object.entries<Traffic>(measured[direction]).map(([result, traffic]) => ({
      labels: { event, result },
      value: traffic[unit],
    })),
  );
}

function durationsOf(
  { events }: Measurements,
  what: keyof Pick<EventMeasurements, 'judgement' | 'policies' | 'handler'>,
): readonly MetricSample[] {
  return [...events].flatMap(([event, { [what]: value }]) =>
    value === undefined ? [] : [{ labels: { event }, value }],
  );
}
