import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { type Display, type ListedConnection, pageOf } from './connection-rows.js';
import type { ListConnections } from './operations-messages.js';

const MOMENT = {
  operator: createPrincipal({ kind: 'jwt', issuer: 'shop', id: 'root' }),
  now: 1_000_000,
  monotonic: 500_000,
};

const shown: string[] = [];
const display: Display = {
  who: ({ id }) => {
    shown.push(id);
    return `hash-${id}`;
  },
  address: (address) => address,
  text: (text) => text.toUpperCase(),
};

const principalOf = (index: number) =>
  createPrincipal({ kind: index % 100 === 7 ? 'anonymous' : 'jwt', issuer: 'shop', id: `u${index % 1000}` });

const CONNECTIONS: readonly ListedConnection[] = Array.from({ length: 10_000 }, (_, index) => ({
  id: `c${index}`,
  principal: principalOf(index),
  path: index % 2 === 0 ? '/a' : '/b',
  address: `192.0.2.${index % 250}`,
  origin: index === 0 ? 'https://app.example.com' : undefined,
  openedAt: index,
  lastMessageAt: index,
  messagesReceived: index,
  messagesSent: 1,
  bytesReceived: (index * 7919) % 10_007,
  socket: { bytesSent: 1 },
}));

const ask = (asked: Partial<ListConnections>) =>
  pageOf([...CONNECTIONS], { offset: 0, limit: 100, order: 'oldest', ...asked }, display, MOMENT);

describe('pageOf', () => {
  it('OD-10 says which connections are those of the operator who asks', () => {
    const operator = principalOf(3);
    const own = CONNECTIONS.filter(({ principal }) => principal.key === operator.key).map(({ id }) => id);
    const { rows } = pageOf([...CONNECTIONS], { offset: 0, limit: 10_000, order: 'oldest' }, display, {
      ...MOMENT,
      operator,
    });
    expect(rows.filter(({ isOwn }) => isOwn).map(({ connectionId }) => connectionId)).toEqual(own);
    expect(own).toHaveLength(10);
  });

  it('MO-10 lists 10,000 connections in bounded pages, each of them once', () => {
    const seen = new Set<string>();
    for (let offset = 0; offset < 10_000; offset += 100) {
      const page = ask({ offset });
      expect(page).toMatchObject({ total: 10_000, offset });
      expect(page.rows).toHaveLength(100);
      for (const { connectionId } of page.rows) seen.add(connectionId);
    }
    expect(seen.size).toBe(10_000);
  });

  it('makes presentable only what is shown', () => {
    shown.length = 0;
    ask({ offset: 5000, limit: 10 });
    expect(shown).toHaveLength(10);
  });

  it('gives the last page where the one that was asked for is gone', () => {
    expect(ask({ offset: 9_999_900, limit: 30 })).toMatchObject({ offset: 9990, rows: { length: 10 } });
    expect(pageOf([], { offset: 50, limit: 10, order: 'newest' }, display, MOMENT)).toEqual({
      total: 0,
      offset: 0,
      rows: [],
    });
  });

  it.each<[ListConnections['order'], string]>([
    ['oldest', 'c0'],
    ['newest', 'c9999'],
    // (index * 7919) % 10007 is largest there.
    ['busiest', String(CONNECTIONS.reduce((a, b) => (b.bytesReceived > a.bytesReceived ? b : a)).id)],
  ])('orders by %s', (order, first) => {
    expect(ask({ order, limit: 1 }).rows[0]?.connectionId).toBe(first);
  });

  it.each([
    ['/b', 5000],
    ['c77', 1],
    ['192.0.2.249', 40],
    ['hash-u77', 110],
    ['nobody', 0],
    ['', 10_000],
  ])('MO-06 finds %j by what is shown: %d', (search, total) => {
    expect(ask({ search }).total).toBe(total);
  });

  it('tells ages, idleness and the page, made presentable', () => {
    expect(ask({ limit: 1 }).rows[0]).toEqual({
      connectionId: 'c0',
      who: 'hash-u0',
      isAnonymous: false,
      isOwn: false,
      path: '/a',
      address: '192.0.2.0',
      origin: 'HTTPS://APP.EXAMPLE.COM',
      ageMs: 1_000_000,
      idleMs: 500_000,
      messagesReceived: 0,
      messagesSent: 1,
      bytesReceived: 0,
      bytesSent: 1,
    });
    expect(ask({ limit: 1, search: 'c7' }).rows[0]).toMatchObject({ isAnonymous: true });
  });
});
