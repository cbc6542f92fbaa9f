import { describe, expect, it } from 'vitest';
import { EventSampler } from './event-sampler.js';
import type { SecurityEvent } from '../security-event.js';

const message = (reason: string): SecurityEvent => ({ type: 'ws.message.refused', reason }) as SecurityEvent;

const samplerOf = (refusals: number, connections = 100, perHour = 1_000_000): EventSampler =>
  new EventSampler({ refusals, connections, perHour });

const ANONYMOUS = { method: 'anonymous:none', principal: '["anonymous","anonymous","x1"]' };
const USER = { method: 'jwt:authorization', principal: '["jwt","https://id.example.com","alice"]' };

const connection = (whose: object, changes: object = {}): SecurityEvent =>
  ({ type: 'ws.connection.opened', address: '192.0.2.7', ...whose, ...changes }) as SecurityEvent;

/** How many of a number of events pass, of which each is `everyMs` after the one before. */
const passed = (
  sampler: EventSampler,
  count: number,
  everyMs: number,
  event: (index: number) => SecurityEvent,
): number =>
  Array.from({ length: count }, (_, index) => sampler.admits(event(index), index * everyMs)).filter(Boolean).length;

describe('EventSampler', () => {
  it('DR-24 passes so many of one kind in a second, and counts the others exactly', () => {
    const sampler = samplerOf(20);
    const passed = Array.from({ length: 10_000 }, () => sampler.admits(message('json-syntax'), 0)).filter(Boolean);

    expect(passed).toHaveLength(20);
    expect(sampler.takeSummary()).toEqual({
      suppressed: { 'ws.message.refused/json-syntax': 9980 },
      total: 9980,
    });
    expect(sampler.takeSummary()).toBeUndefined();
  });

  it('DR-24 lets a flood of one kind suppress no other kind', () => {
    const sampler = samplerOf(1);
    for (let count = 0; count < 100; count++) sampler.admits(message('json-syntax'), 0);

    expect(sampler.admits(message('policy'), 0)).toBe(true);
    expect(sampler.admits({ type: 'ws.handshake.refused', reason: 'csrf' } as SecurityEvent, 0)).toBe(true);
  });

  it('DR-24 passes events of that kind again in the next second', () => {
    const sampler = samplerOf(1);
    expect([0, 1, 999, 1000].map((now) => sampler.admits(message('policy'), now))).toEqual([true, false, false, true]);
  });

  it('MO-11 DR-24 folds reasons that nobody knows into one', () => {
    const sampler = samplerOf(1);
    for (let count = 0; count < 10_000; count++) sampler.admits(message(`made-up-${count}`), 0);

    expect(sampler.takeSummary()?.suppressed).toEqual({ 'ws.message.refused/other': 9999 });
  });

  it('MO-01 MO-02 F55 passes so many connections of strangers in a second, however few refusals, and counts the others', () => {
    const sampler = samplerOf(1, 3);
    const closed = connection(ANONYMOUS, { type: 'ws.connection.closed', initiator: 'client' });
    const admitted = [connection(ANONYMOUS), closed].map((event) => [1, 2, 3, 4].map(() => sampler.admits(event, 0)));

    expect(admitted).toEqual([
      [true, true, true, false],
      [true, true, true, false],
    ]);
    expect(sampler.takeSummary()?.suppressed).toEqual({
      'ws.connection.opened': 1,
      'ws.connection.closed/client': 1,
    });
  });

  it('MO-01 F55 passes every connection of a user, whatever strangers and other users do', () => {
    const sampler = samplerOf(1, 3);
    for (let count = 0; count < 1000; count++) sampler.admits(connection(ANONYMOUS), 0);

    expect(passed(sampler, 500, 0, () => connection(USER))).toBe(500);
    expect(passed(sampler, 500, 0, () => connection(USER, { type: 'ws.connection.closed' }))).toBe(500);
    expect(sampler.admits({ type: 'ws.ticket.issued', principal: USER.principal }, 0)).toBe(true);
  });

  it('MO-03 DR-24 counts what users are refused apart from what strangers are', () => {
    const sampler = samplerOf(20);
    const refused = (whose: object): SecurityEvent => ({ ...message('claims'), ...whose });
    expect(passed(sampler, 1000, 0, () => refused(ANONYMOUS))).toBe(20);

    // An event of a message has no method: the key of the principal says that nobody is behind it.
    expect(passed(sampler, 1000, 0, () => refused({ principal: ANONYMOUS.principal }))).toBe(0);
    expect(passed(sampler, 1000, 0, () => refused({ principal: USER.principal }))).toBe(20);
  });

  it('DR-24 gives one address a quarter of what strangers may cause in an hour, however it spells itself', () => {
    const sampler = samplerOf(20, 100, 4000);
    const from = (index: number): SecurityEvent =>
      connection(ANONYMOUS, { address: `2001:db8:0:1::${(index % 500).toString(16)}` });

    // A tenth at once, and then what comes back.
    expect(passed(sampler, 36_000, 100, from)).toBeLessThanOrEqual(1100);
    expect(sampler.admits(connection(ANONYMOUS, { address: '192.0.2.8' }), 3_600_000)).toBe(true);
  });

  it('DR-24 lets all strangers together cause no more than the bound of an hour and a tenth, of whatever types', () => {
    const sampler = samplerOf(20, 100, 4000);
    const reasons = [
      'claims',
      'policy',
      'json-syntax',
      'message-size',
      'unknown-event',
      'payload',
      'envelope',
      'bytes',
    ];
    const from = (index: number): SecurityEvent =>
      ({ ...message(reasons[index % 8] ?? ''), address: `198.51.${index % 250}.7` }) as SecurityEvent;
    const all = passed(sampler, 36_000, 100, from);

    expect(all).toBeGreaterThan(3900);
    expect(all).toBeLessThanOrEqual(4400);
  });

  it.each([4, 6, 12])(
    'DR-24 MO-02 has an address on record that does little while %i others do all that they can',
    (count) => {
      const sampler = samplerOf(20, 100, 5000);
      const reasons = ['claims', 'policy', 'json-syntax', 'message-size'];
      const from = (reason: string, address: string): SecurityEvent =>
        ({ ...message(reason), address }) as SecurityEvent;
      let [flood, quiet, burst] = [0, 0, 0];
      for (let second = 0; second < 3600; second++) {
        for (let each = 0; each < 20 * count; each++) {
          const reason = reasons[each % reasons.length] ?? '';
          if (sampler.admits(from(reason, `198.51.100.${each % count}`), second * 1000)) flood++;
        }
        // One event every fifteen seconds, and twelve in each of two seconds of three quarters of an hour.
        if (second % 15 === 14 && sampler.admits(from('payload', '192.0.2.7'), second * 1000)) quiet++;
        if (second >= 900 && second % 900 < 2) {
          for (let each = 0; each < 12; each++) {
            if (sampler.admits(from('envelope', '192.0.2.8'), second * 1000)) burst++;
          }
        }
      }

      expect({ quiet, burst }).toEqual({ quiet: 240, burst: 72 });
      expect(flood + quiet + burst).toBeLessThanOrEqual(5500);
      expect(flood).toBeGreaterThan(4500);
    },
  );

  it('MO-11 keeps a bounded number of addresses in mind', () => {
    const sampler = samplerOf(1_000_000, 100, 40_000);
    const from = (address: string): SecurityEvent => ({ ...message('claims'), address }) as SecurityEvent;
    expect(passed(sampler, 1500, 0, () => from('192.0.2.7'))).toBe(1000);
    passed(sampler, 1000, 0, (index) => from(`10.0.${index >> 8}.${index & 255}`));

    // It has been forgotten, and what all of them together may do is what counts.
    expect(sampler.admits(from('192.0.2.7'), 0)).toBe(true);
    expect(passed(sampler, 5000, 0, (index) => from(`10.1.${index >> 8}.${index & 255}`))).toBe(4000 - 2001);
  });

  it.each(['ws.config.weak', 'ws.drain.started', 'ws.drain.finished', 'ws.audit.dropped', 'ws.audit.summary'] as const)(
    'MO-12 never leaves out %s',
    (type) => {
      const sampler = samplerOf(1, 1);

      expect([1, 2, 3].map(() => sampler.admits({ type } as SecurityEvent, 0))).toEqual([true, true, true]);
    },
  );
});
