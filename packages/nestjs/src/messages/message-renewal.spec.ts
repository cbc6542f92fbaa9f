import { describe, expect, it } from 'vitest';
import { grantRows, type WsPolicyContext } from '../authorization/ws-policy.js';
import { createPrincipal, type PrincipalInput } from '../core/principal.js';
import { WsApplicationError } from '../core/ws-application.error.js';
import type { PayloadCheck } from '../validation/payload-run.js';
import { deferred } from '../../../../test/support/deferred.js';
import { openPipeline, type PipelineShape, settle } from '../../../../test/support/stub-pipeline.js';

const who = (roles: readonly string[], more: Partial<PrincipalInput> = {}) =>
  createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, roles, ...more });

/** Waits for its turn, and notes for whom it was asked. */
class Slow {
  static turns: ReturnType<typeof deferred<boolean>>[] = [];
  static asked: string[] = [];

  authorize({ principal }: WsPolicyContext): Promise<boolean> {
    Slow.asked.push(principal.roles.join());
    const turn = deferred<boolean>();
    Slow.turns.push(turn);
    return turn.promise;
  }
}

/** Grants the rows of a role. */
class Rows {
  authorize({ principal }: WsPolicyContext) {
    return grantRows({ role: principal.roles[0] });
  }
}

class Refused extends Error {}

const editor = { requirements: [{ roles: ['editor'] }, Slow] };

/** A connection of an editor with one message under way. */
function open(shape: PipelineShape, callback: (data: unknown) => unknown = () => 'done') {
  Slow.turns = [];
  Slow.asked = [];
  const handled: unknown[] = [];
  const made = openPipeline(
    (data) => {
      handled.push(data);
      return callback(data);
    },
    { roles: ['editor'], ...shape },
  );
  made.send(1);
  const answer = async (index: number, verdict = true) => {
    Slow.turns[index]?.resolve(verdict);
    await settle();
  };
  const codes = () => made.socket.sent.map(({ data }) => data?.code ?? data);
  const reasons = () => made.sink.events.map((event) => (event as { readonly reason?: string }).reason);
  return { ...made, handled, answer, codes, reasons };
}

describe('a message whose sender gets another identity while a policy thinks', () => {
  it('SL-11 is judged once more by the new one, and handled once', async () => {
    const { connection, handled, answer, codes } = open({ decision: editor });
    connection.adopt(who(['editor', 'new']));
    await answer(0);
    expect([handled.length, Slow.asked]).toEqual([0, ['editor', 'editor,new']]);
    await answer(1);
    expect([handled.length, codes()]).toEqual([1, ['done']]);
  });

  it('SL-11 is refused where the new one lacks a role, and no policy is asked again', async () => {
    const { connection, handled, answer, codes, reasons } = open({ decision: editor });
    connection.adopt(who(['guest']));
    await answer(0);
    expect([handled, codes(), reasons(), Slow.asked]).toEqual([[], ['FORBIDDEN'], ['claims'], ['editor']]);
  });

  it('SL-11 is refused where the policy refuses the new one', async () => {
    const { connection, handled, answer, codes, reasons } = open({ decision: editor });
    connection.adopt(who(['editor', 'new']));
    await answer(0);
    await answer(1, false);
    expect([handled, codes(), reasons()]).toEqual([[], ['FORBIDDEN'], ['policy']]);
  });

  it('SL-11 AZ-14 is refused where the new one has logged in too long ago', async () => {
    const { connection, clock, send, answer, codes, reasons } = open({ decision: { ...editor, stepUpMs: 1000 } });
    expect([codes(), Slow.asked]).toEqual([['STEP_UP_REQUIRED'], []]);
    connection.adopt(who(['editor'], { authenticatedAt: clock.now() }));
    send(2);
    expect(Slow.asked).toEqual(['editor']);
    connection.adopt(who(['editor'], { authenticatedAt: clock.now() - 1001 }));
    await answer(0);
    expect([codes(), Slow.asked]).toEqual([['STEP_UP_REQUIRED', 'STEP_UP_REQUIRED'], ['editor']]);
    expect(reasons()).toEqual(['step-up', 'step-up']);
  });

  it('AZ-09 ends where the policy rejects under the old one', async () => {
    const { connection, handled, codes, reasons } = open({ decision: editor });
    connection.adopt(who(['editor', 'new']));
    Slow.turns[0]?.reject(new Refused('no'));
    await settle();
    expect([handled, codes(), reasons()]).toEqual([[], ['FORBIDDEN'], ['policy-failed']]);
  });
});

describe('a message whose sender gets another identity while its handler works', () => {
  const answering = () => {
    const result = deferred<unknown>();
    const { connection, ...rest } = open(
      { decision: { requirements: [{ roles: ['editor'] }, Rows] } },
      () => result.promise,
    );
    const finish = async (roles: readonly string[]) => {
      connection.adopt(who(roles));
      result.resolve('rows');
      await settle();
    };
    const fail = async (roles: readonly string[]) => {
      connection.adopt(who(roles));
      result.reject(new WsApplicationError('ROWS', { details: 'rows' }));
      await settle();
    };
    return { ...rest, finish, fail };
  };

  it('SL-11 is answered where the new one may have it, and not handled again', async () => {
    const { handled, finish, codes } = answering();
    await finish(['editor', 'new']);
    expect([handled.length, codes()]).toEqual([1, ['rows']]);
  });

  it('SL-11 AZ-07 gets nothing where the new one would have other rows', async () => {
    const { handled, finish, codes, reasons } = answering();
    await finish(['new', 'editor']);
    expect([handled.length, codes(), reasons()]).toEqual([1, ['FORBIDDEN'], ['policy']]);
  });

  it('SL-11 gets nothing where the new one lacks the role', async () => {
    const { finish, codes, reasons } = answering();
    await finish(['guest']);
    expect([codes(), reasons()]).toEqual([['FORBIDDEN'], ['claims']]);
  });

  it.each([
    ['guest', 'FORBIDDEN'],
    ['editor', 'APPLICATION'],
  ])('SL-11 OD-01 hears as %s what the handler throws only where it may have its answer', async (role, code) => {
    const { fail, codes } = answering();
    await fail([role]);
    expect(codes()).toEqual([code]);
  });

  it.each([
    [1001, 'STEP_UP_REQUIRED'],
    [1000, 'APPLICATION'],
  ])('SL-11 AZ-14 hears what the handler throws as one who has logged in %i ms ago: %s', async (ageMs, code) => {
    const result = deferred<unknown>();
    const { connection, clock, send, handled, codes } = open({ decision: { stepUpMs: 1000 } }, () => result.promise);
    connection.adopt(who(['editor'], { authenticatedAt: clock.now() }));
    send(2);
    expect(handled).toHaveLength(1);
    connection.adopt(who(['editor'], { authenticatedAt: clock.now() - ageMs }));
    result.reject(new WsApplicationError('ROWS', { details: 'rows' }));
    await settle();
    // The first one came before the log-in.
    expect(codes()).toEqual(['STEP_UP_REQUIRED', code]);
  });
});

describe('a payload that was checked for the roles of before', () => {
  /** Closes a part to whoever is no editor. */
  const payload: PayloadCheck = {
    check: (sent) => sent ?? 'checked',
    isAsOpen: (before, now) => !before.includes('editor') || now.includes('editor'),
  };
  const decision = { requirements: [Slow] };

  it.each<[string, readonly string[], boolean, string]>([
    ['is refused where it is open to them alone', ['guest'], false, 'FORBIDDEN'],
    ['goes on where it is as open to those of now', ['editor', 'guest'], false, 'done'],
    ['is let be under migration', ['guest'], true, 'done'],
  ])('AZ-07 SL-11 %s', async (_, roles, isReported, code) => {
    const { connection, answer, codes } = open({ decision, payload, plan: { isReported } });
    connection.adopt(who(roles));
    await answer(0);
    await answer(1);
    expect(codes()).toEqual([code]);
  });

  it.each<[string, readonly string[], string]>([
    ['is not sent where it is open to them alone', ['guest'], 'FORBIDDEN'],
    ['is sent where it is as open to those of now', ['editor', 'guest'], 'found'],
  ])('AZ-07 SL-11 what its handler has found %s', async (_, roles, code) => {
    const result = deferred<unknown>();
    const { connection, codes } = open({ payload }, () => result.promise);
    connection.adopt(who(roles));
    result.resolve('found');
    await settle();
    expect(codes()).toEqual([code]);
  });

  it.each<[string, readonly string[], boolean, string]>([
    ['is not told where it is open to them alone', ['guest'], false, 'FORBIDDEN'],
    ['is told where it is as open to those of now', ['editor', 'guest'], false, 'APPLICATION'],
    ['is told under migration', ['guest'], true, 'APPLICATION'],
  ])('AZ-07 SL-11 what its handler throws %s', async (_, roles, isReported, code) => {
    const result = deferred<unknown>();
    const { connection, codes } = open({ payload, plan: { isReported } }, () => result.promise);
    connection.adopt(who(roles));
    result.reject(new WsApplicationError('ROWS', { details: 'rows' }));
    await settle();
    expect(codes()).toEqual([code]);
  });
});

describe('a handler under migration', () => {
  it('AZ-01 MO-03 is called whatever is refused, which is told', async () => {
    const { handled, answer, codes, sink } = open({
      decision: { requirements: [{ roles: ['admin'] }, Slow] },
      plan: { isReported: true },
    });
    await answer(0, false);
    expect([handled.length, codes()]).toEqual([1, ['done']]);
    expect(sink.events.map(({ type }) => type)).toEqual(['ws.message.reported', 'ws.message.reported']);
  });

  it('AZ-01 OD-01 is heard where it throws, also by who has lost the role meanwhile', async () => {
    const result = deferred<unknown>();
    const shape = { decision: { requirements: [{ roles: ['editor'] }] }, plan: { isReported: true } };
    const { connection, codes } = open(shape, () => result.promise);
    connection.adopt(who(['guest']));
    result.reject(new WsApplicationError('ROWS', { details: 'rows' }));
    await settle();
    expect(codes()).toEqual(['APPLICATION']);
  });
});
