import type { EventMeaning } from './event-meaning.js';
import { addressOf, countOf, type ExportedEvent, textOf } from './exported-event.js';

/** The release of the Elastic Common Schema that events are written for. */
const ECS_VERSION = '8.17.0';

/** `event.kind`, `event.category` and `event.type` have closed lists of words, and some pairs alone go together. */
interface EcsWords {
  readonly kind: 'event' | 'alert';
  readonly category: string;
  readonly type: string;
}

const CATEGORIES: Readonly<Record<EventMeaning['kind'], EcsWords>> = {
  logon: { kind: 'event', category: 'authentication', type: 'start' },
  logoff: { kind: 'event', category: 'authentication', type: 'end' },
  ticket: { kind: 'event', category: 'authentication', type: 'info' },
  session: { kind: 'event', category: 'session', type: 'info' },
  'connection-opened': { kind: 'event', category: 'network', type: 'start' },
  'connection-closed': { kind: 'event', category: 'network', type: 'end' },
  'connection-refused': { kind: 'event', category: 'network', type: 'denied' },
  call: { kind: 'event', category: 'api', type: 'denied' },
  error: { kind: 'event', category: 'process', type: 'info' },
  recovery: { kind: 'event', category: 'process', type: 'info' },
  lifecycle: { kind: 'event', category: 'process', type: 'end' },
  detection: { kind: 'alert', category: 'intrusion_detection', type: 'info' },
  'detection-ended': { kind: 'event', category: 'intrusion_detection', type: 'info' },
};

const LEVELS = { log: 'info', warn: 'warning', error: 'error' } as const;
const NANOSECONDS = 1_000_000;

/** An event with the fields of ECS; as it was, it stands under `secure_ws`. */
export function toEcs(event: ExportedEvent): object {
  const { meaning, type, time, level, fields, uid, hash } = event;
  const words = CATEGORIES[meaning.kind];
  const durationMs = countOf(event, 'durationMs');
  const [address, path, user] = [addressOf(event), textOf(event, 'path'), textOf(event, 'operator', 'principal')];
  const status = countOf(event, 'status');
  const isAllowed = words.type === 'denied' && meaning.outcome === 'success';
  return {
    '@timestamp': new Date(time).toISOString(),
    'ecs': { version: ECS_VERSION },
    'message': type,
    'log': { level: LEVELS[level] },
    'event': {
      kind: words.kind,
      category: [words.category],
      type: [isAllowed ? 'allowed' : words.type],
      action: type,
      outcome: meaning.outcome,
      reason: textOf(event, 'reason'),
      code: textOf(event, 'code', 'owasp'),
      dataset: 'secure_ws.audit',
      provider: 'secure-ws',
      id: uid,
      hash,
      duration: durationMs === undefined ? undefined : durationMs * NANOSECONDS,
    },
    ...(address !== undefined && { source: { address, ip: address }, client: { address, ip: address } }),
    ...(path !== undefined && { url: { path } }),
    ...(user !== undefined && { user: { id: user } }),
    ...(status !== undefined && { http: { response: { status_code: status } } }),
    'secure_ws': fields,
  };
} // prettier-ignore
