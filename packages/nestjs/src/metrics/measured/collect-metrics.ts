import { REPORTED_HANDSHAKE_REASONS, REPORTED_MESSAGE_REASONS } from '../../events/event-reasons.js';
import type { SecurityEventCounts } from '../../events/event-counters.js';
import { rowOf, SECURITY_EVENT_TYPES, type SecurityEventType } from '../../events/security-event.js';
import type { WsFigures } from '../../ws-figures.js';
import type { Durations, DurationsByEvent } from './durations.js';
import type { DurationHistogram } from './histogram.js';
import type { MessageTraffic, Traffic } from './message-traffic.js';
import type { MetricKey } from './metric-families.js';

/** One series of a metric at this moment. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | DurationHistogram;
}

/** Of the figures of a node, what becomes a metric. */
export type ScrapedFigures = Pick<
  WsFigures,
  'connections' | 'counts' | 'audit' | 'limiterKeys' | 'storeAwayMs' | 'isShedding' | 'admitsHandshakes'
>;

/** What metrics are made of. */
export interface MetricSource {
  readonly traffic: MessageTraffic;
  /** `undefined` where whoever exposes the metrics measures for itself how long everything took. */
  readonly durations: Durations | undefined;
  readonly figures: ScrapedFigures;
}

type Collector = (source: MetricSource) => readonly MetricSample[];

/** What each metric is at the moment. What may be counted is there from the beginning, at 0: the first one is a rise, too. */
export const METRIC_COLLECTORS: Readonly<Record<MetricKey, Collector>> = Object.freeze({
  ready: ({ figures }) => one(Number(figures.admitsHandshakes)),
  connections: ({ figures }) => {
    const { pending, open, paused, closing } = figures.connections;
    return Object.entries({ pending, open, paused, closing }).map(([state, value]) => ({ labels: { state }, value }));
  },
  closed: ({ figures }) => reasonsOf(figures.counts, 'ws.connection.closed'),
  handshakes: ({ figures }) => {
    const { counts } = figures;
    const admitted = counts['ws.connection.opened']?.total ?? 0;
    const refused = reasonsOf(counts, 'ws.handshake.refused').map(({ labels, value }) => {
      const { reason = 'other' } = labels;
      return { labels: { result: reason === 'client-gone' ? 'abandoned' : 'refused', reason }, value };
    });
    return [{ labels: { result: 'admitted', reason: 'none' }, value: admitted }, ...refused];
  },
  handshakesReported: ({ figures }) => reasonsOf(figures.counts, 'ws.handshake.reported', REPORTED_HANDSHAKE_REASONS),
  handshakeDuration: ({ durations }) => byResult(durations?.handshakes),
  messagesReceived: ({ traffic }) => trafficOf(traffic, 'received', 'messages'),
  bytesReceived: ({ traffic }) => trafficOf(traffic, 'received', 'bytes'),
  messagesSent: ({ traffic }) => trafficOf(traffic, 'sent', 'messages'),
  bytesSent: ({ traffic }) => trafficOf(traffic, 'sent', 'bytes'),
  messagesRefused: ({ figures }) => reasonsOf(figures.counts, 'ws.message.refused'),
  messagesReported: ({ figures }) => reasonsOf(figures.counts, 'ws.message.reported', REPORTED_MESSAGE_REASONS),
  messageWait: ({ durations }) => one(durations?.messageWait),
  judgementDuration: ({ durations }) => byEvent(durations?.judgements),
  policyDuration: ({ durations }) => byEvent(durations?.policies),
  handlerDuration: ({ durations }) => byEvent(durations?.handlers),
  violations: ({ figures }) =>
    (['exceeded', 'reported'] as const).flatMap((mode) =>
      reasonsOf(figures.counts, `ws.violations.${mode}`).map(({ labels, value }) => ({
        labels: { charged_to: labels['reason'] ?? 'other', mode },
        value,
      })),
    ),
  limiterKeys: ({ figures }) => one(figures.limiterKeys),
  queuedBytes: ({ figures }) => one(figures.connections.queuedBytes),
  sendBufferBytes: ({ figures }) => one(figures.connections.bufferedBytes),
  heartbeatsLost: ({ figures }) => one(figures.counts['ws.connection.closed']?.reasons['HEARTBEAT_LOST'] ?? 0),
  roundTrip: ({ durations }) => one(durations?.roundTrip),
  storeUp: ({ figures }) => (figures.storeAwayMs === undefined ? [] : one(Number(figures.storeAwayMs === 0))),
  storeDuration: ({ durations, figures }) => (figures.storeAwayMs === undefined ? [] : byResult(durations?.storeCalls)),
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

function one(value: number | DurationHistogram | undefined): readonly MetricSample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

function byResult(histograms: Readonly<Record<string, DurationHistogram>> = {}): readonly MetricSample[] {
  return Object.entries(histograms).map(([result, value]) => ({ labels: { result }, value }));
}

function byEvent(histograms: DurationsByEvent = new Map()): readonly MetricSample[] {
  return [...histograms].map(([event, value]) => ({ labels: { event }, value }));
}

/** @param words what the reason may be: what has not happened yet is 0. By default all that the type has. */
function reasonsOf(
  counts: SecurityEventCounts,
  type: SecurityEventType,
  words: readonly string[] = Object.keys(rowOf(type).reasons ?? {}),
): readonly MetricSample[] {
  const counted: Readonly<Record<string, number>> = counts[type]?.reasons ?? {};
  const reasons = new Set([...words, ...Object.keys(counted)]);
  return [...reasons].map((reason) => ({ labels: { reason }, value: counted[reason] ?? 0 }));
}

function trafficOf(
  { events }: MessageTraffic,
  direction: 'received' | 'sent',
  unit: keyof Traffic,
): readonly MetricSample[] {
  return [...events].flatMap(([event, counted]) =>
    Object.entries<Traffic>(counted[direction]).map(([result, traffic]) => ({
      labels: { event, result },
      value: traffic[unit],
    })),
  );
}
