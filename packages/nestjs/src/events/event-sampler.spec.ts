import { describe, expect, it } from 'vitest';
import { EventSampler } from './event-sampler.js';
import type { SecurityEvent } from './security-event.js';

const message = (reason: string): SecurityEvent => ({ type: 'ws.message.refused', reason }) as SecurityEvent;

describe('EventSampler', () => {
  it('DR-24 passes so many of one kind in a second, and counts the others exactly', () => {
    const sampler = new EventSampler(20);
    const passed = Array.from({ length: 10_000 }, () => sampler.admits(message('json-syntax'), 0)).filter(Boolean);

    expect(passed).toHaveLength(20);
    expect(sampler.takeSummary()).toEqual({
      type: 'ws.audit.summary',
      suppressed: { 'ws.message.refused/json-syntax': 9980 },
      total: 9980,
    });
    expect(sampler.takeSummary()).toBeUndefined();
  });

  it('DR-24 lets a flood of one kind suppress no other kind', () => {
    const sampler = new EventSampler(1);
    for (let count = 0; count < 100; count++) sampler.admits(message('json-syntax'), 0);

    expect(sampler.admits(message('policy'), 0)).toBe(true);
    expect(sampler.admits({ type: 'ws.handshake.refused', reason: 'csrf' } as SecurityEvent, 0)).toBe(true);
  });

  it('passes events of that kind again in the next second', () => {
    const sampler = new EventSampler(1);
    expect([0, 1, 999, 1000].map((now) => sampler.admits(message('policy'), now))).toEqual([true, false, false, true]);
  });

  it('MO-11 DR-24 folds reasons that nobody knows into one', () => {
    const sampler = new EventSampler(1);
    for (let count = 0; count < 10_000; count++) sampler.admits(message(`made-up-${count}`), 0);

    expect(sampler.takeSummary()?.suppressed).toEqual({ 'ws.message.refused/other': 9999 });
  });

  it.each(['ws.handshake.accepted', 'ws.connection.opened', 'ws.connection.closed', 'ws.config.weak'] as const)(
    'MO-01 MO-02 never leaves out %s',
    (type) => {
      const sampler = new EventSampler(1);
      const passed = [1, 2, 3].map(() => sampler.admits({ type, reason: 'NORMAL' } as unknown as SecurityEvent, 0));

      expect(passed).toEqual([true, true, true]);
    },
  );
});
