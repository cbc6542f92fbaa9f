import { describe, expect, it, vi } from 'vitest';
import { SystemClock } from './clock.js';

describe('SystemClock', () => {
  it.each(['every', 'after'] as const)('DR-12 does not keep the process alive: %s', (method) => {
    const [set, clear] =
      method === 'every' ? (['setInterval', 'clearInterval'] as const) : (['setTimeout', 'clearTimeout'] as const);
    const spy = vi.spyOn(globalThis, set);
    const cancelled = vi.spyOn(globalThis, clear);
    const cancel = new SystemClock()[method](60_000, () => undefined);
    const timer = spy.mock.results[0]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    cancel();
    expect(cancelled).toHaveBeenCalledWith(timer);
    vi.restoreAllMocks();
  });
});
