import { WsException } from '@nestjs/websockets';
import { describe, expect, it, vi } from 'vitest';
import type { WsPolicy } from '../authorization/ws-policy.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { crashesOf, openPipeline, settle } from '../../../../test/support/stub-pipeline.js';

describe('what a handler throws', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);

  it.each<readonly [what: string, code: string, thrown: () => unknown]>([
    [
      'a refusal with issues that have no JSON',
      'VALIDATION_FAILED',
      () => new WsRefusalException('VALIDATION_FAILED', { issues: cycle as never }),
    ],
    [
      'a refusal with a BigInt for a wait',
      'THROTTLED',
      () => new WsRefusalException('THROTTLED', { retryAfterMs: 5n as never }),
    ],
    ['a refusal with a code of nobody', 'FORBIDDEN', () => new WsRefusalException('constructor' as never)],
    [
      'a WsException whose code throws',
      'INTERNAL',
      () => new WsException(Object.defineProperty({}, 'code', { get: broken })),
    ],
    [
      'a WsException with a broken getError',
      'INTERNAL',
      () => Object.assign(new WsException('x'), { getError: broken }),
    ],
    ['a revoked proxy', 'INTERNAL', revokedProxy],
    ['undefined', 'INTERNAL', () => undefined],
    ['null', 'INTERNAL', () => null],
    ['a symbol', 'INTERNAL', () => Symbol('x')],
  ])('DR-14 AN-03 is answered, and the next message is handled: %s', async (_, code, thrown) => {
    let calls = 0;
    const { send, socket, engine } = openPipeline(() => {
      calls++;
      return calls === 1 ? Promise.reject(thrown()) : Promise.resolve('fine');
    });
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      send(2);
      await settle();
    });
    expect(crashes).toEqual([]);
    expect(socket.sent).toMatchObject([
      { event: 'error', id: 1, data: { code } },
      { event: 'do', id: 2 },
    ]);
    expect(Object.values(engine.deadlines).map(({ size }) => size)).toEqual([0, 0, 0]);
  });

  it('OD-01 never carries more than places and rules in its issues', async () => {
    const issues = [{ path: 'a', rule: 'isString', value: 'SECRET', target: { password: 'SECRET' } }];
    const { send, socket } = openPipeline(() =>
      Promise.reject(new WsRefusalException('VALIDATION_FAILED', { issues })),
    );
    send(1);
    await settle();
    expect(socket.sent).toMatchObject([
      { data: { code: 'VALIDATION_FAILED', issues: [{ path: 'a', rule: 'isString' }] } },
    ]);
    expect(JSON.stringify(socket.sent)).not.toContain('SECRET');
  });
});

describe('what a step waits for', () => {
  it('DR-14 DR-08 goes on once, though it calls back twice', async () => {
    let calls = 0;
    class Twice implements WsPolicy<never> {
      authorize(): Promise<boolean> {
        const twice = {
          then: (resolve: (value: boolean) => void): void => {
            resolve(true);
            resolve(true);
          },
        };
        return twice as unknown as Promise<boolean>;
      }
    }
    const { send, socket } = openPipeline(() => ++calls, { policies: [Twice] });
    send(1);
    await settle();
    expect([calls, socket.sent]).toEqual([1, [{ event: 'do', data: 1, id: 1 }]]);
  });

  it('DR-14 DR-08 gives its slot back, though its refusal cannot be written', async () => {
    const { send, socket, engine } = openPipeline(() => Promise.reject(new Error('broken')));
    const report = vi.spyOn(engine, 'report').mockImplementationOnce(() => {
      throw new Error('broken report');
    });
    await crashesOf(async () => {
      send(1);
      await settle();
    });
    report.mockRestore();
    send(2);
    await settle();
    expect(socket.sent).toMatchObject([{ id: 2, data: { code: 'INTERNAL' } }]);
  });
});

describe('what a handler returns', () => {
  it.each<readonly [what: string, value: () => unknown]>([
    ['an object that nobody may ask about its keys', () => new Proxy({}, { has: broken })],
    [
      'an object whose properties throw',
      () => new Proxy({}, { get: (_, key) => (key === 'then' ? undefined : broken()) }),
    ],
    ['a BigInt', () => 1n],
    ['an iterable that cannot be begun', () => ({ [Symbol.asyncIterator]: broken })],
    ['an iterable whose iterator is none', () => ({ [Symbol.asyncIterator]: () => undefined })],
  ])('DR-14 is answered INTERNAL where it cannot be looked at, and gives its slot back: %s', async (_, value) => {
    let calls = 0;
    const { send, socket } = openPipeline(() => Promise.resolve(calls++ === 0 ? value() : 'fine'));
    const crashes = await crashesOf(async () => {
      send(1);
      await settle();
      send(2);
    });
    expect(crashes).toEqual([]);
    expect(socket.sent).toMatchObject([
      { event: 'error', id: 1, data: { code: 'INTERNAL' } },
      { event: 'do', id: 2 },
    ]);
  });
});

function broken(): never {
  throw new Error('broken');
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
