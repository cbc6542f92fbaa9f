import { describe, expect, it } from 'vitest';
import type { ObservedMessage, WsObserver } from '../core/observer.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MessageObservation, observesMessages } from './message-observation.js';

function setUp(observer: 'told' | 'traced' = 'traced') {
  const clock = new FakeClock();
  const told: ObservedMessage[] = [];
  const ended: ObservedMessage[] = [];
  const begun: unknown[] = [];
  const onMessage = (message: ObservedMessage) => told.push({ ...message });
  const trace = {
    run: (work: () => void) => work(),
    end: (message: ObservedMessage) => void ended.push({ ...message }),
  };
  const beginMessage: WsObserver['beginMessage'] = (facts) => {
    begun.push(facts);
    return trace;
  };
  clock.advance(100);
  const observation = new MessageObservation(
    observer === 'traced' ? { onMessage, beginMessage } : { onMessage },
    { id: 'c-1', path: '/chat' },
    42,
    clock.monotonic(),
    clock,
  );
  return { clock, told, ended, begun, trace, observation };
}

describe('MessageObservation', () => {
  it('MO-10 measures the wait, the judgement, the policies and the handler apart', () => {
    const { clock, told, observation } = setUp();
    clock.advance(1);
    observation.follow('note.edit', clock.monotonic());
    clock.advance(10);
    observation.askPolicies();
    clock.advance(4);
    observation.havePolicies();
    observation.callHandler();
    clock.advance(16);
    observation.haveHandler();
    clock.advance(32);
    observation.end(true);
    expect(told).toMatchObject([
      {
        event: 'note.edit',
        path: '/chat',
        bytes: 42,
        result: 'handled',
        reason: undefined,
        code: undefined,
        waitedMs: 1,
        judgedMs: 14,
        policiesMs: 4,
        handlerMs: 16,
      },
    ]);
  });

  it('MO-10 adds what policies take that are asked twice', () => {
    const { clock, told, observation } = setUp();
    for (const ms of [3, 5]) {
      observation.askPolicies();
      clock.advance(ms);
      observation.havePolicies();
      clock.advance(100);
    }
    observation.end(false);
    expect(told).toMatchObject([{ policiesMs: 8 }]);
  });

  it('MO-10 measures a judgement up to the refusal, and names the first one', () => {
    const { clock, told, observation } = setUp();
    observation.follow('note.edit', clock.monotonic());
    clock.advance(7);
    observation.refuse({ code: 'FORBIDDEN', reason: 'claims' });
    observation.refuse({ code: 'THROTTLED', reason: 'shedding' });
    observation.end(false);
    expect(told).toMatchObject([
      {
        result: 'refused',
        code: 'FORBIDDEN',
        reason: 'claims',
        judgedMs: 7,
        handlerMs: undefined,
        policiesMs: undefined,
      },
    ]);
  });

  it('MO-10 measures a handler up to its end where nobody saw it return, and is no success where it was refused', () => {
    const { clock, told, observation } = setUp();
    observation.callHandler();
    clock.advance(9);
    observation.refuse({ code: 'INTERNAL', reason: 'handler-failed' });
    observation.end(true);
    expect(told).toMatchObject([{ result: 'refused', judgedMs: 0, handlerMs: 9 }]);
  });

  it('MO-10 calls no handler that was not called', () => {
    const { told, observation } = setUp();
    observation.haveHandler();
    observation.end(true);
    expect(told).toMatchObject([{ result: 'handled', handlerMs: undefined }]);
  });

  it('MO-10 tells of a message whose connection has ended while it waited', () => {
    const { clock, told, observation } = setUp();
    clock.advance(6);
    observation.forget();
    expect(told).toMatchObject([{ event: undefined, result: 'dropped', waitedMs: 6, judgedMs: 0 }]);
  });

  it('MO-10 tells once, and ends its trace with the same', () => {
    const { told, ended, begun, trace, observation } = setUp();
    expect(observation.trace).toBe(trace);
    observation.end(true);
    observation.end(false);
    expect(told).toHaveLength(1);
    expect(ended).toEqual(told);
    expect(begun).toEqual([{ id: 'c-1', path: '/chat' }]);
  });

  it('MO-10 needs no trace', () => {
    const { told, observation } = setUp('told');
    expect(observation.trace).toBeUndefined();
    observation.end(true);
    expect(told).toHaveLength(1);
  });

  it.each<[string, WsObserver, boolean]>([
    ['nobody', {}, false],
    ['who wants handshakes', { onHandshake: () => {} }, false],
    ['who is told', { onMessage: () => {} }, true],
    ['who traces', { beginMessage: () => ({ run: () => {}, end: () => {} }) }, true],
  ])('MO-10 measures messages for %s: %#', (_, observer, observes) => {
    expect(observesMessages(observer)).toBe(observes);
  });
});
