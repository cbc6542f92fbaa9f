import { describe, expect, it } from 'vitest';
import { EventCounters } from './event-counters.js';
import type { SecurityEvent } from './security-event.js';

const event = (facts: object): SecurityEvent => facts as SecurityEvent;

describe('EventCounters', () => {
  it('DR-24 counts by type and reason', () => {
    const counters = new EventCounters();
    counters.add(event({ type: 'ws.handshake.refused', reason: 'csrf' }));
    counters.add(event({ type: 'ws.handshake.refused', reason: 'csrf' }));
    counters.add(event({ type: 'ws.handshake.refused', reason: 'guard' }));
    counters.add(event({ type: 'ws.connection.closed', reason: 'IDLE' }));
    counters.add(event({ type: 'ws.connection.closed', initiator: 'client' }));
    counters.add(event({ type: 'ws.violations.exceeded', chargedTo: 'address' }));
    counters.add(event({ type: 'ws.connection.opened' }));

    expect(counters.snapshot()).toEqual({
      'ws.handshake.refused': { total: 3, reasons: { csrf: 2, guard: 1 } },
      'ws.connection.closed': { total: 2, reasons: { IDLE: 1, client: 1 } },
      'ws.violations.exceeded': { total: 1, reasons: { address: 1 } },
      'ws.connection.opened': { total: 1, reasons: {} },
    });
  });

  it.each(['ws.message.refused', 'ws.handshake.refused', 'ws.connection.closed'])(
    'MO-11 folds 10,000 unknown reasons of %s, and names of Object.prototype, into one',
    (type) => {
      const counters = new EventCounters();
      for (let count = 0; count < 10_000; count++) counters.add(event({ type, reason: `made-up-${count}` }));
      counters.add(event({ type, reason: 'constructor' }));
      counters.add(event({ type, reason: '__proto__' }));

      expect(counters.snapshot()).toEqual({ [type]: { total: 10_002, reasons: { other: 10_002 } } });
    },
  );

  it('gives a snapshot that later events do not change', () => {
    const counters = new EventCounters();
    const before = counters.snapshot();
    counters.add(event({ type: 'ws.connection.opened' }));

    expect(before).toEqual({});
  });
});
