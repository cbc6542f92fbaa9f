import { beforeEach, describe, expect, it } from 'vitest';
import { ANONYMOUS_KIND, createPrincipal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import type { SecurityEventData } from '../events/security-event.js';
import type { ViolationVerdict } from '../throttling/violations/violation-ledger.js';
import { settle } from '../../../../test/support/stub-pipeline.js';
import { MessageViolations } from './message-violations.js';
import type { Refusal } from './refusal.js';

const claims: Refusal = { code: 'FORBIDDEN', reason: 'claims' };
const fine: ViolationVerdict = { isExceeded: false, mustClose: false, score: 1 };
const reported: ViolationVerdict = { isExceeded: true, mustClose: false, score: 101 };
const exceeded: ViolationVerdict = { isExceeded: true, mustClose: true, score: 102 };

describe('MessageViolations', () => {
  let told: SecurityEventData[];
  let closed: string[];
  let charged: [subject: string, kind: string][];
  let verdict: () => unknown;

  beforeEach(() => {
    [told, closed, charged] = [[], [], []];
    verdict = () => fine;
  });

  function violationsOf(kind = 'jwt', isOpen = true): MessageViolations {
    const principal = createPrincipal({ kind, issuer: 'test', id: 'alice', authenticatedAt: 0 });
    const connection = {
      ...{ id: 'c-1', path: '/chat', address: '192.0.2.1', principal, isOpen },
      close: (word: string) => closed.push(word),
    } as unknown as WsConnection;
    const ledger = {
      charge: (subject: string, charge: string) => {
        charged.push([subject, charge]);
        return verdict();
      },
    };
    const events = { emit: (event: SecurityEventData) => told.push(event) };
    return new MessageViolations({ ledger, events } as never, connection);
  }

  it('MV-17 charges what counts, to its principal, or to its address where there is none', () => {
    violationsOf().charge(claims);
    violationsOf(ANONYMOUS_KIND).charge({ code: 'BAD_MESSAGE', reason: 'envelope' });
    violationsOf().charge({ code: 'OVERLOADED', reason: 'shedding' });
    expect(charged.map(([, kind]) => kind)).toEqual(['unknown-event', 'bad-json']);
    expect(charged[0]?.[0]).not.toBe(charged[1]?.[0]);
    expect(charged[1]?.[0]).toContain('192.0.2.1');
    expect([told, closed]).toEqual([[], []]);
  });

  it.each([false, true])(
    'MV-17 MO-03 closes and tells where it has gone too far, a shared store (%s) or not',
    async (isShared) => {
      verdict = () => (isShared ? Promise.resolve(exceeded) : exceeded);
      violationsOf().charge(claims);
      await settle();
      expect(closed).toEqual(['POLICY_VIOLATION']);
      expect(told).toEqual([
        {
          type: 'ws.violations.exceeded',
          connectionId: 'c-1',
          path: '/chat',
          address: '192.0.2.1',
          principal: expect.stringContaining('alice') as unknown,
          chargedTo: 'principal',
          score: 102,
        },
      ]);
    },
  );

  it('MV-17 only tells where it is to report, once for each time that the budget is passed', () => {
    const violations = violationsOf(ANONYMOUS_KIND);
    for (const next of [fine, reported, reported, fine, reported]) {
      verdict = () => next;
      violations.charge(claims);
    }
    expect(closed).toEqual([]);
    expect(told).toMatchObject(Array(2).fill({ type: 'ws.violations.reported', chargedTo: 'address', score: 101 }));
    expect(told).toHaveLength(2);
  });

  it('MV-17 says nothing of a connection that is closed already', () => {
    verdict = () => exceeded;
    violationsOf('jwt', false).charge(claims);
    expect(told).toEqual([]);
    expect(closed).toEqual(['POLICY_VIOLATION']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('DR-17 lets a connection be where the store %s', async (_, answer) => {
    verdict = answer;
    violationsOf().charge(claims);
    await settle();
    expect(charged).toHaveLength(1);
    expect([told, closed]).toEqual([[], []]);
  });
});
