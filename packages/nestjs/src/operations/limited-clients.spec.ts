import { describe, expect, it } from 'vitest';
import type { SecurityEvent } from '../events/security-event.js';
import { FORGOTTEN_AFTER_MS, LimitedClients, MAX_LIMITED } from './limited-clients.js';

const TIME = '2026-11-27T10:00:00.000Z';

const refused = (type: string, fields: object): SecurityEvent =>
  ({ type, time: TIME, address: '192.0.2.1', principal: 'hash', ...fields }) as unknown as SecurityEvent;

describe('LimitedClients', () => {
  it('MO-10 tells who was limited, by what it was counted by, the last one first', () => {
    const clients = new LimitedClients();
    clients.note(refused('ws.handshake.refused', { reason: 'address-rate' }), 0);
    clients.note(refused('ws.message.refused', { reason: 'event-throttle' }), 1);
    clients.note(refused('ws.message.refused', { reason: 'principal-throttle' }), 2);
    clients.note(refused('ws.handshake.refused', { reason: 'address-backoff' }), 3);
    const seen = { lastSeen: TIME, times: 2 };
    expect(clients.list(3)).toEqual([
      { kind: 'address', who: '192.0.2.1', reason: 'address-backoff', isPenalised: true, ...seen },
      { kind: 'principal', who: 'hash', reason: 'principal-throttle', isPenalised: false, ...seen },
    ]);
  });

  it.each(['principal', 'address'] as const)('MV-17 tells whom violations are charged to: the %s', (chargedTo) => {
    const clients = new LimitedClients();
    clients.note(refused('ws.violations.exceeded', { chargedTo, score: 101 }), 0);
    expect(clients.list(0)).toMatchObject([{ kind: chargedTo, reason: 'violations', isPenalised: true }]);
  });

  it('MO-10 counts an IPv6 address by its /64, as limits do: who has a network pushes nobody else out', () => {
    const clients = new LimitedClients();
    clients.note(refused('ws.handshake.refused', { reason: 'address-rate' }), 0);
    for (let i = 0; i < 1000; i++) {
      const address = `2001:db8:0:1::${i.toString(16)}`;
      clients.note(refused('ws.handshake.refused', { reason: 'address-rate', address }), 1);
      clients.note(refused('ws.violations.exceeded', { chargedTo: 'address', address }), 1);
    }
    expect(clients.list(1)).toMatchObject([
      { who: '2001:db8:0:1::/64', times: 2000 },
      { who: '192.0.2.1', times: 1 },
    ]);
  });

  it('MO-07 MO-10 tells networks as such where events have no addresses', () => {
    const clients = new LimitedClients(true);
    for (const address of ['2001:db8:7::', '192.0.2.0', '']) {
      clients.note(refused('ws.handshake.refused', { reason: 'address-rate', address }), 0);
    }
    expect(clients.list(0).map(({ who }) => who)).toEqual(['unknown', '192.0.2.0/24', '2001:db8:7::/48']);
  });

  it('MO-10 blames nobody for what their tenant sends', () => {
    const clients = new LimitedClients();
    clients.note(refused('ws.message.refused', { reason: 'tenant-throttle' }), 0);
    expect(clients.list(0)).toEqual([]);
  });

  it('leaves out what is no limit of anybody, and who nobody knows', () => {
    const clients = new LimitedClients();
    for (const reason of ['policy', 'shedding', 'queue-full', 'unauthenticated', 'constructor', '__proto__']) {
      clients.note(refused('ws.message.refused', { reason }), 0);
    }
    clients.note(refused('ws.handshake.refused', { reason: 'principal-rate', principal: undefined }), 0);
    clients.note(refused('ws.message.reported', { reason: 'event-throttle' }), 0);
    expect(clients.list(0)).toEqual([]);
  });

  it('MO-10 remembers a bounded number of them, and each for ten minutes', () => {
    const clients = new LimitedClients();
    for (let i = 0; i < 10_000; i++)
      clients.note(
        refused('ws.handshake.refused', { reason: 'address-rate', address: `10.0.${i >> 8}.${i & 255}` }),
        i,
      );
    expect(clients.list(9999)).toHaveLength(MAX_LIMITED);
    expect(clients.list(9999)[0]?.who).toBe('10.0.39.15');
    expect(clients.list(9998 + FORGOTTEN_AFTER_MS)).toHaveLength(1);
    expect(clients.list(9999 + FORGOTTEN_AFTER_MS)).toEqual([]);
  });
});
