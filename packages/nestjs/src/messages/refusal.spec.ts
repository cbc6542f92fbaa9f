import { describe, expect, it } from 'vitest';
import type { MessageReason } from '../events/event-reasons.js';
import { violationOf } from './refusal.js';

describe('the violation that a refusal counts as', () => {
  it.each<readonly [reason: MessageReason, kind: string | undefined]>([
    ['policy', 'forbidden'],
    ['policy-failed', 'forbidden'],
    ['policy-timeout', 'forbidden'],
    ['validator-failed', 'forbidden'],
    ['claims', 'unknown-event'],
    ['unknown-event', 'unknown-event'],
    ['application', undefined],
    ['handler-failed', undefined],
  ])('AZ-12 MV-17 OD-05 F27 tells a stranger nothing by its weight: %s is %s', (reason, kind) => {
    expect(violationOf({ code: 'FORBIDDEN', reason })).toBe(kind);
  });
});
