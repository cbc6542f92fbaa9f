import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { deferred } from '../../../../test/support/deferred.js';
import { createPrincipal } from '../core/principal.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { MessageStep } from '../messages/message.js';
import { openPipeline, settle } from '../../../../test/support/stub-pipeline.js';
import { ForeignClient } from './foreign-client.js';

const ALICE = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0 });

/** A socket as far as one is used. */
class StubSocket extends EventEmitter {
  connected = true;
}

const start = () => {
  const { engine, clock } = openPipeline(() => undefined);
  const socket = new StubSocket();
  const client = new ForeignClient(socket, ALICE, '127.0.0.1', engine);
  return { engine, clock, socket, client };
};

describe('a client of another adapter', () => {
  it('DR-05 DR-16 leaves nothing behind when its socket is gone and its last messages count no more', () => {
    const { engine, clock, socket, client } = start();
    expect(client.throttle(clock.monotonic(), 10)).toBeUndefined();
    expect(engine.parts.throttles.size).toBe(1);
    socket.emit('disconnect');
    expect(client.throttle(clock.monotonic(), 10)).toMatchObject({ reason: 'connection-throttle' });
    expect(engine.parts.throttles.size).toBe(1);
    clock.advance(60_000);
    engine.parts.throttles.sweep(clock.monotonic());
    expect(engine.parts.throttles.size).toBe(0);
    expect(socket.listenerCount('disconnect')).toBe(0);
  });

  it('DR-05 DR-16 AZ-15 leaves nothing behind of any identity that its socket has had', () => {
    const { engine, clock, socket, client } = start();
    const bob = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'bob', authenticatedAt: 0 });
    client.replace();
    const renewed = new ForeignClient(socket, bob, '127.0.0.1', engine, client);
    expect(renewed.throttle(clock.monotonic(), 10)).toBeUndefined();
    expect(socket.listenerCount('disconnect')).toBe(1);
    const { epoch } = renewed;
    socket.emit('disconnect');
    expect(renewed.epoch).toBeGreaterThan(epoch);
    clock.advance(60_000);
    engine.parts.throttles.sweep(clock.monotonic());
    expect(engine.parts.throttles.size).toBe(0);
  });

  /** Steps, the first of which waits for what a test says. */
  function slowly(plan: object) {
    const answer = deferred<unknown>();
    const [finish, next] = [vi.fn<() => undefined>(), vi.fn<() => undefined>()];
    const fail = () => ({ code: 'FORBIDDEN', reason: 'policy-failed' }) as const;
    const slow: MessageStep = { name: 'slow', isReportable: true, start: () => answer.promise, finish, fail };
    const steps: MessageStep[] = [slow, { name: 'next', start: next, finish: () => undefined, fail }];
    const handler = { plan: { event: 'do', label: 'Gateway.do', ...plan } as HandlerPlan, steps };
    return { answer, finish, next, handler: { ...handler, callback: () => undefined } };
  }

  it('AZ-09 DR-09 hears nothing of a check that answers after its time', async () => {
    const { engine, clock, client } = start();
    const { answer, finish, handler } = slowly({});
    const judged = client.judge(handler, null).catch((error: unknown) => error);
    clock.advance(engine.deadlines.judging.durationMs);
    engine.expire(clock.monotonic());
    expect(await judged).toBeInstanceOf(WsRefusalException);
    answer.resolve(true);
    await settle();
    expect(finish).not.toHaveBeenCalled();
  });

  it('AZ-15 lets nothing on for an identity that was replaced while a check failed, though it only reports', async () => {
    for (const [isReplaced, calls] of [
      [false, 1],
      [true, 0],
    ] as const) {
      const { client } = start();
      const { answer, next, handler } = slowly({ isReported: true });
      const judged = client.judge(handler, null).catch(() => undefined);
      if (isReplaced) client.replace();
      answer.reject(new Error('away'));
      await judged;
      expect(next).toHaveBeenCalledTimes(calls);
    }
  });
});
