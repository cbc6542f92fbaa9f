import { describe, expect, it } from 'vitest';
import type { ObservedMessage } from '../core/observer.js';
import type { WsPolicyContext } from '../authorization/ws-policy.js';
import type { FakeClock } from '../testing/fake-clock.js';
import { openPipeline, type PipelineShape, settle } from '../../../../test/support/stub-pipeline.js';

let clock: FakeClock;

/** Takes two milliseconds, and denies or throws where it is told to. */
class Timed {
  static verdict: 'yes' | 'no' | 'throw' = 'yes';

  authorize(_: WsPolicyContext): boolean {
    clock.advance(2);
    if (Timed.verdict === 'throw') throw new Error('broken');
    return Timed.verdict === 'yes';
  }
}

function open(callback: () => unknown, shape: PipelineShape = {}) {
  const told: ObservedMessage[] = [];
  const order: string[] = [];
  const observer = {
    onMessage: (message: ObservedMessage) => void told.push({ ...message }),
    beginMessage: () => ({
      run: (work: () => void) => {
        order.push('in');
        work();
        order.push('out');
      },
      end: () => void order.push('end'),
    }),
  };
  const made = openPipeline(callback, { policies: [Timed], observer, ...shape });
  clock = made.clock;
  return { ...made, told, order };
}

describe('what is told of messages', () => {
  it.each<[string, typeof Timed.verdict, () => unknown, object]>([
    ['is handled', 'yes', () => clock.advance(3), { result: 'handled', judgedMs: 2, policiesMs: 2, handlerMs: 3 }],
    [
      'fails',
      'yes',
      () => {
        clock.advance(3);
        throw new Error('x');
      },
      { result: 'refused', reason: 'handler-failed', code: 'INTERNAL', judgedMs: 2, handlerMs: 3 },
    ],
    [
      'is denied',
      'no',
      () => 1,
      { result: 'refused', reason: 'policy', judgedMs: 2, policiesMs: 2, handlerMs: undefined },
    ],
    [
      'cannot be judged',
      'throw',
      () => 1,
      { result: 'refused', reason: 'policy-failed', policiesMs: 2, handlerMs: undefined },
    ],
  ])('MO-10 says how long one took that %s', async (_, verdict, callback, facts) => {
    Timed.verdict = verdict;
    const { send, told } = open(callback);
    send(1);
    await settle();
    expect(told).toMatchObject([{ event: 'do', path: '/x', ...facts }]);
  });

  it('MO-10 says how long a message has waited for its slot, and runs each part of it inside of its trace', async () => {
    Timed.verdict = 'yes';
    const { pipeline, send, told, order } = open(() => Promise.resolve('later'), { policies: [] });
    send(1);
    send(2);
    clock.advance(5);
    await settle();
    expect(told.map(({ waitedMs }) => waitedMs)).toEqual([0, 5]);
    expect(order.filter((word) => word === 'end')).toHaveLength(2);
    expect(order.slice(0, 4)).toEqual(['in', 'out', 'in', 'out']);
    pipeline.finish(() => {});
    send(3);
    expect(told.at(-1)).toMatchObject({ result: 'dropped', event: undefined });
  });

  it('MO-10 MO-11 names no event that nobody handles', async () => {
    const { send, told } = open(() => 1);
    send(1, 'made.up');
    await settle();
    expect(told).toMatchObject([{ event: undefined, result: 'refused', reason: 'unknown-event' }]);
  });

  it('MO-10 tells of a message that is never done, once its connection is closed for it', async () => {
    Timed.verdict = 'yes';
    const { send, engine, told } = open(() => new Promise(() => {}));
    send(1);
    for (const ms of [30_000, 30_000, 30_000]) {
      clock.advance(ms);
      engine.expire(clock.monotonic());
      await settle();
    }
    expect(told).toMatchObject([{ result: 'refused', reason: 'handler-timeout' }]);
  });
});
