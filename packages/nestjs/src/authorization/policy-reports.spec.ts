import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import type { SecurityEventData } from '../events/security-event.js';
import { PolicyReports } from './policy-reports.js';
import type { WsPolicyContext } from './ws-policy.js';

class Owner {
  authorize(): boolean {
    return true;
  }
}

const principal = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0 });
const connection = { id: 'c-1', path: '/chat', address: '192.0.2.1' };
const context = {
  event: 'order.place',
  id: 1,
  principal,
  connection,
  data: { secret: 'SECRET' },
} as unknown as WsPolicyContext;
const whose = {
  event: 'order.place',
  connectionId: 'c-1',
  path: '/chat',
  address: '192.0.2.1',
  principal: principal.key,
  correlationId: expect.stringMatching(/^[\w-]{22}$/) as unknown,
};

function setUp() {
  const told: SecurityEventData[] = [];
  const faults: [where: string, correlationId: string, exception: unknown][] = [];
  const events = { emit: (event: SecurityEventData) => told.push(event) };
  const log = { write: (...fault: (typeof faults)[number]) => faults.push(fault) };
  return { told, faults, reports: new PolicyReports(events as never, log as never) };
}

describe('PolicyReports', () => {
  it('MO-02 AZ-09 tells of an alternative that has thrown, and writes what it threw under the same number', () => {
    const { told, faults, reports } = setUp();
    const error = new Error('broken');
    reports.failed(Owner, context, error);
    expect(told).toEqual([{ type: 'ws.policy.failed', policy: 'Owner', ...whose }]);
    expect(faults).toEqual([['Owner', (told[0] as { readonly correlationId?: string }).correlationId, error]]);
    expect(JSON.stringify(told)).not.toContain('SECRET');
  });

  it('AZ-09 says once of a policy that it answers nothing, and nothing of what it answers', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { reports, told } = setUp();
    reports.unclear(Owner, undefined);
    reports.unclear(Owner, 'SECRET');
    setUp().reports.unclear(Owner, { granted: 'SECRET' });
    const lines = warn.mock.calls.map(([line]) => String(line));
    warn.mockRestore();
    const rest = 'which denies: return true, false, grant(...) or deny().';
    expect(lines).toEqual([
      `Owner.authorize() answered undefined, ${rest}`,
      `Owner.authorize() answered an object, ${rest}`,
    ]);
    expect(told).toEqual([]);
  });

  it('MO-02 tells how a rule that is tried differs, and writes only where it failed', () => {
    const { told, faults, reports } = setUp();
    reports.differed('role admin', context, 'would-allow');
    reports.differed('role admin', context, 'failed', { exception: undefined });
    expect(told).toEqual(
      ['would-allow', 'failed'].map((outcome) => ({
        type: 'ws.policy.differed',
        policy: 'role admin',
        outcome,
        ...whose,
      })),
    );
    const { correlationId } = told[1] as { readonly correlationId?: string };
    expect(faults).toEqual([['shadow of order.place', correlationId, undefined]]);
  });
});
