import { EventPrivacy } from '../../packages/nestjs/src/events/event-privacy.js';
import { defaultEventsSettings } from '../../packages/nestjs/src/events/events.options.js';
import {
  rowOf,
  type SecurityEvent,
  type SecurityEventData,
  type SecurityEventType,
} from '../../packages/nestjs/src/events/security-event.js';

const TIME = '2026-11-27T09:30:00.000Z';

/** What a field may be, whatever event it stands in. */
const VALUES: Readonly<Record<string, unknown>> = {
  action: 'disconnect',
  address: '203.0.113.7',
  alertId: 'b7mQkq9mTz2f3o1l9w0eYg',
  because: 'calm',
  by: 'address',
  bytesReceived: 2048,
  bytesSent: 4096,
  chargedTo: 'principal',
  code: 'FORBIDDEN',
  codeSeen: 1000,
  codeSent: 1000,
  connectionId: 'v0Yh2mD5cTnq8yE1kqv0Kg',
  connections: 12,
  count: 2,
  correlationId: 'dGhlIHNhbWUgaW4gdGhlIGxvZw',
  dropped: 3,
  durationMs: 61_000,
  event: 'order.place',
  eventLoopDelayMs: 240,
  failed: 0,
  failure: 'expired',
  failuresPerSecond: 14,
  further: 2,
  handshakesPerSecond: 310,
  header: 'x-forwarded-for',
  heapShare: 0.91,
  initiator: 'client',
  kind: 'threshold',
  limit: 20,
  messagesReceived: 40,
  messagesSent: 40,
  method: 'jwt:header',
  missing: 'role admin',
  network: '203.0.113.0',
  operator: '["https://id.example.com","olga"]',
  operatorConnectionId: 'Qm5cTnq8yE1kqv0Kgv0Yh2',
  issuer: 'https://id.example.com',
  option: 'handshake.trustedProxies',
  origin: 'https://app.example.com',
  outcome: 'would-refuse',
  own: true,
  path: '/orders',
  peak: 41,
  policy: 'AccountOwner',
  principal: '["https://id.example.com","alice"]',
  rule: 'failed-log-ins',
  score: 101,
  seen: 'https://evil.example',
  severity: 'warning',
  signal: 'session-revoked',
  sink: 'FileSink',
  status: 401,
  suppressed: { 'ws.handshake.refused/origin-not-allowed': 4096 },
  terminated: 0,
  total: 4096,
  until: '2026-11-28T09:30:00.000Z',
  value: 23,
  what: 'revocation',
  warning: 'is Infinity: there is no limit.',
  where: 'OrdersGateway.handleDisconnect',
  windowMs: 60_000,
};

/** The reason of each type that has one: words differ from type to type. */
const REASONS: Readonly<Record<string, string>> = {
  'ws.handshake.refused': 'unauthenticated',
  'ws.handshake.reported': 'address-rate',
  'ws.ticket.refused': 'scopes',
  'ws.connection.closed': 'NORMAL',
  'ws.message.refused': 'policy',
  'ws.message.reported': 'claims',
  'ws.alert.lost': 'not-taken',
  'ws.operator.refused': 'claims',
  'ws.operator.acted': 'the session was stolen',
};

/** An event of a type with all that it can have, as a sink gets it. */
export function exampleOf(type: SecurityEventType): SecurityEvent {
  const { fields, optional = {} } = rowOf(type);
  const names = [...Object.keys(fields), ...Object.keys(optional)];
  const values = names.map((name) => [name, name === 'reason' ? REASONS[type] : VALUES[name]] as const);
  const privacy = new EventPrivacy({ ...defaultEventsSettings(), identifiers: 'plain' });
  // Hashed with a key that ends with the process, the page would be another one each time.
  const event = privacy.present({ type, ...Object.fromEntries(values) } as unknown as SecurityEventData, TIME);
  const hashed = Object.entries<unknown>({ ...event }).map(
    ([name, value]) =>
    name === 'principal' || name === 'operator' ? [name, name === 'principal' ? '5eDTWm0Ws1GmzAqT' : 'mZb0kS4bqk2y9xQe'] : [name, value], // prettier-ignore
  );
  return Object.fromEntries(hashed) as SecurityEvent;
}

/** The fields of a type that no example is known of. */
export function unknownFieldsOf(type: SecurityEventType): readonly string[] {
  const { fields, optional = {} } = rowOf(type);
  return [...Object.keys(fields), ...Object.keys(optional)].filter((name) =>
    name === 'reason' ? REASONS[type] === undefined : !Object.hasOwn(VALUES, name),
  );
}
