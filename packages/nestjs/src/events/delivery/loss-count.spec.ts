import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../../../../test/support/event-examples.js';
import type { SecurityEventType } from '../security-event.js';
import { LossCount } from './loss-count.js';

const some = (...types: SecurityEventType[]) => types.map(exampleOf);

describe('LossCount', () => {
  it('MO-09 tells what was lost once, and knows the total', () => {
    const count = new LossCount(false);
    expect(count.take()).toEqual({ events: undefined, alerts: undefined });
    expect(count.add('dropped', some('ws.connection.opened'))).toBe(1);
    expect(count.add('failed', some('ws.connection.opened', 'ws.alert.raised', 'ws.alert.lost'))).toBe(3);
    expect(count.take()).toEqual({ events: { dropped: 1, failed: 3 }, alerts: undefined });
    expect(count.take()).toEqual({ events: undefined, alerts: undefined });
    expect(count.add('failed', some('ws.connection.opened'))).toBe(1);
    expect(count.total).toEqual({ dropped: 1, failed: 4 });
  });

  it('MO-09 tells alerts apart where it is to', () => {
    const count = new LossCount(true);
    expect(count.add('failed', some('ws.alert.raised', 'ws.alert.ended', 'ws.connection.opened'))).toBe(3);
    expect(count.add('dropped', some('ws.alert.ended'))).toBe(1);
    expect(count.total).toEqual({ dropped: 1, failed: 3 });
    expect(count.take()).toEqual({ events: { dropped: 0, failed: 1 }, alerts: { dropped: 1, failed: 2 } });
    expect(count.total).toEqual({ dropped: 1, failed: 3 });
  });

  it('MO-09 counts no report that is lost itself', () => {
    expect(new LossCount(false).add('failed', some('ws.audit.dropped'))).toBe(0);
    expect(new LossCount(true).add('failed', some('ws.audit.dropped', 'ws.alert.lost'))).toBe(0);
  });
});
