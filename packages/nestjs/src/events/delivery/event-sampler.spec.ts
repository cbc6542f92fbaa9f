import { describe, expect, it } from 'vitest';
import { EventSampler } from './event-sampler.js';
import type { SecurityEvent } from '../security-event.js';

const message = (reason: string): SecurityEvent => ({ type: 'ws.message.refused', reason }) as SecurityEvent;

const samplerOf = (refusals: number, connections = 100): EventSampler => new EventSampler({ refusals, connections });

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

  it('MO-01 MO-02 F55 passes so many connections in a second, however few refusals, and counts the others', () => {
    const sampler = samplerOf(1, 3);
    const opened = { type: 'ws.connection.opened' } as SecurityEvent;
    const closed = { type: 'ws.connection.closed', initiator: 'client' } as SecurityEvent;
    const passed = [opened, closed].map((event) => [1, 2, 3, 4].map(() => sampler.admits(event, 0)));

    expect(passed).toEqual([
      [true, true, true, false],
      [true, true, true, false],
    ]);
    expect(sampler.takeSummary()?.suppressed).toEqual({
      'ws.connection.opened': 1,
      'ws.connection.closed/client': 1,
    });
  });

  it.each(['ws.config.weak', 'ws.drain.started', 'ws.drain.finished', 'ws.audit.dropped', 'ws.audit.summary'] as const)(
    'MO-12 never leaves out %s',
    (type) => {
      const sampler = samplerOf(1, 1);

      expect([1, 2, 3].map(() => sampler.admits({ type } as SecurityEvent, 0))).toEqual([true, true, true]);
    },
  );
});
