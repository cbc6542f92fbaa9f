import { describe, expect, it } from 'vitest';
import { ThrottleValueError } from '../throttling/throttle-values.js';
import { lateReason, refusalOfThrottle, throttleFailure } from './event-throttle.js';

const source = (storage?: object) => ({ engine: { settings: { throttling: { storage } } } }) as never;

describe('the refusal of a message that is one too many', () => {
  it('DR-05 says how long to wait, and which option moves the limit', () => {
    expect(refusalOfThrottle({ reason: 'event-throttle', waitMs: 40, option: '@WsThrottle' } as never)).toEqual({
      code: 'THROTTLED',
      reason: 'event-throttle',
      option: '@WsThrottle',
      retryAfterMs: 40,
    });
  });

  it('DR-17 is forbidden where a limit could not be found', () => {
    const cause = new Error('broken');
    expect(refusalOfThrottle({ reason: 'throttle-failed', option: 'x', cause } as never)).toEqual({
      code: 'FORBIDDEN',
      reason: 'throttle-failed',
      option: 'x',
      fault: { exception: cause },
    });
  });

  it.each<[string, object | undefined, unknown, string]>([
    ['no storage', undefined, new Error('x'), 'throttle-failed'],
    ['a storage', {}, new Error('x'), 'throttler-storage-failed'],
    ['a storage, where a value was at fault', {}, new ThrottleValueError('x', 'limit'), 'throttle-failed'],
  ])('DR-17 names what failed, with %s', (_, storage, exception, reason) => {
    expect(throttleFailure(source(storage), exception)).toEqual({ code: 'FORBIDDEN', reason, fault: { exception } });
  });

  it('DR-17 names what took too long', () => {
    expect([lateReason(source()), lateReason(source({}))]).toEqual(['throttle-failed', 'throttler-storage-failed']);
  });
});
