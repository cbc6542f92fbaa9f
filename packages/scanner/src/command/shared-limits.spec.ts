import { expect, it } from 'vitest';
import { SharedLimits } from './shared-limits.js';

it('SC-02 connections that were given are for all scans together, and what one leaves is there for the next', () => {
  const limits = new SharedLimits({ maxConnections: 10, connectionsPerSecond: 5 }, 3);
  expect(limits.next()).toEqual({ maxConnections: 3, connectionsPerSecond: 5 });
  limits.spend({ connections: 1 });
  expect(limits.next().maxConnections).toBe(4);
  limits.spend({ connections: 4 });
  expect(limits.next().maxConnections).toBe(5);
  limits.spend({ connections: 5 });
  expect(limits.next().maxConnections).toBe(0);
});

it('SC-02 seconds that were given are, too', () => {
  const limits = new SharedLimits({ maxMs: 9000 }, 3);
  const { maxMs = 0 } = limits.next();
  expect([maxMs > 2000, maxMs <= 3000, Number.isInteger(maxMs)]).toEqual([true, true, true]);
  expect(new SharedLimits({ maxMs: 1 }, 3).next()).toEqual({ maxMs: 0 });
});

it('SC-02 what was not given is of each scan', () => {
  expect(new SharedLimits({}, 3).next()).toEqual({});
});
