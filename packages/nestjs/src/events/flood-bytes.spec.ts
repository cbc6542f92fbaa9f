import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { HANDSHAKE_REASONS, MESSAGE_REASONS } from './event-reasons.js';
import { defaultEventsSettings } from './events.options.js';
import type { SecurityEvent, SecurityEventData } from './security-event.js';
import { SecurityEvents } from './security-events.js';
import { SecurityEventSink } from './security-event-sink.js';

/** What a chain adds to a record. */
const CHAIN = ',"chain":{"id":"6YQz6Y9G3yEJ5nqFv7m3Sg","seq":1234567,"prev":""},"hash":""'.length + 86;

/** Counts the bytes that a chained FileSink writes. */
class WeighingSink extends SecurityEventSink {
  override readonly isSampled = true;
  readonly operators: SecurityEvent[] = [];
  bytes = 0;

  override write(event: SecurityEvent): void {
    this.bytes += Buffer.byteLength(JSON.stringify(event)) + CHAIN + 1;
    if (event.type === 'ws.operator.acted') this.operators.push(event);
  }
}

/** Characters that take the most room: two bytes each, or a backslash that JSON doubles. */
const LONG = { path: `/${'\\'.repeat(300)}`, origin: `https://${'\u00e9'.repeat(150)}${'\u0085'.repeat(150)}` };

/** One of each kind that a stranger can choose. */
function everyKind(address: string): readonly SecurityEventData[] {
  const stranger = { address, ...LONG, principal: '["anonymous","anonymous","x"]', connectionId: 'c'.repeat(22) };
  const correlationId = 'x'.repeat(22);
  const opened = { ...stranger, type: 'ws.connection.opened', method: 'anonymous:none' };
  const figures = { durationMs: 1e9, messagesReceived: 1e9, bytesReceived: 1e9, messagesSent: 1e9, bytesSent: 1e9 };
  return [
    ...Object.keys(HANDSHAKE_REASONS).map((reason) => ({
      ...stranger,
      ...{ type: 'ws.handshake.refused', status: 403, reason, failure: 'unsupported-scheme' },
      ...{ option: 'handshake.limits.maxOpenPerAddress', principal: undefined },
    })),
    ...Object.keys(MESSAGE_REASONS).map((reason) => ({
      ...{ ...stranger, type: 'ws.message.refused', code: 'VALIDATION_FAILED', reason, correlationId },
      event: 'e'.repeat(64),
    })),
    opened,
    { ...opened, ...figures, type: 'ws.connection.closed', codeSeen: 1006, initiator: 'client' },
    { type: 'ws.operator.refused', reason: 'unauthenticated', address },
  ] as unknown as readonly SecurityEventData[];
}

/** The bytes of an hour in which strangers do all that they can. */
function anHourOf(addresses: readonly string[]): WeighingSink {
  const clock = new FakeClock();
  const sink = new WeighingSink();
  const events = new SecurityEvents(clock, [sink], defaultEventsSettings());
  const kinds = addresses.map(everyKind);
  for (let second = 0; second < 3600; second++) {
    for (const event of kinds[second % kinds.length] ?? []) events.emit(event);
    if (second % 600 === 599) {
      const { type, ...act } = { type: 'ws.operator.acted' as const, action: 'ban' as const, outcome: 'done' as const };
      events.emit({ type, ...act, operator: 'o', operatorConnectionId: 'c', reason: 'r', connections: 1 });
    }
    clock.advance(1000);
  }
  return sink;
}

describe('SecurityEvents', () => {
  it('DR-24 MO-09 lets strangers write less than 8 MB in an hour at the defaults, from however many addresses', () => {
    const sink = anHourOf(Array.from({ length: 500 }, (_, index) => `198.51.100.${index % 250}`));

    expect(sink.bytes).toBeGreaterThan(2_000_000);
    expect(sink.bytes).toBeLessThan(8_000_000);
    expect(sink.operators).toHaveLength(6);
  });

  it('DR-24 MO-09 lets one address write less than 3 MB in an hour at the defaults', () => {
    const sink = anHourOf(['2001:db8:1234:5678:9abc:def0:1234:5678']);

    expect(sink.bytes).toBeGreaterThan(500_000);
    expect(sink.bytes).toBeLessThan(3_000_000);
  });
});
