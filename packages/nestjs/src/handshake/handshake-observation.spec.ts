import { describe, expect, it } from 'vitest';
import type { ObservedHandshake, WsObserver } from '../core/observer.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { HandshakeContext } from './handshake-context.js';
import {
  HandshakeObservation,
  type HandshakeEnd,
  observedHandshakeSteps,
  observesHandshakes,
} from './handshake-observation.js';
import { refuse } from './handshake-refusal.js';

const STARTED = Date.UTC(2026, 0, 1);
const headers = { host: 'chat.example.com' };
const END: HandshakeEnd = {
  ...{ result: 'refused', reason: 'unauthenticated', status: 401, path: '/chat', connectionId: undefined },
};
const judged = (origin: HandshakeContext['origin'], remoteAddress?: string) =>
  ({ path: '/chat', clientAddress: '192.0.2.1', remoteAddress, origin }) as HandshakeContext;

function setUp({ isTraced = true, isTold = true } = {}) {
  const clock = new FakeClock(STARTED);
  const told: ObservedHandshake[] = [];
  const ended: ObservedHandshake[] = [];
  const begun: unknown[] = [];
  const order: string[] = [];
  const beginHandshake: WsObserver['beginHandshake'] = (facts) => {
    begun.push(facts);
    return {
      run: (work) => {
        order.push('in');
        work();
        order.push('out');
      },
      end: (end) => void ended.push(end),
    };
  };
  const observer: WsObserver = {
    ...(isTold && { onHandshake: (handshake: ObservedHandshake) => void told.push(handshake) }),
    ...(isTraced && { beginHandshake }),
  };
  const observation = new HandshakeObservation(observer, { headers }, clock);
  return { clock, told, ended, begun, order, observation };
}

describe('HandshakeObservation', () => {
  it('MO-10 measures up to the answer, without the time in which the client is waited for', () => {
    const { clock, told, observation } = setUp();
    clock.advance(5);
    observation.pause();
    clock.advance(1000);
    observation.resume();
    clock.advance(7);
    observation.end(END);
    expect(told).toEqual([{ ...END, durationMs: 12 }]);
  });

  it('MO-10 measures what was before a wait that never ended', () => {
    const { clock, told, observation } = setUp();
    clock.advance(5);
    observation.pause();
    clock.advance(1000);
    observation.end(END);
    observation.end({ ...END, status: 503 });
    expect(told).toEqual([{ ...END, durationMs: 5 }]);
  });

  it('MO-10 HS-14 begins a trace with what is judged, once, and ends it with what it tells', () => {
    const { clock, told, ended, begun, observation } = setUp();
    clock.advance(3);
    observation.begin(judged({ kind: 'allowed', text: 'https://app.example' } as never, '198.51.100.1'));
    observation.begin(judged({ kind: 'absent' } as never));
    observation.end(END);
    expect(begun).toEqual([
      {
        path: '/chat',
        address: '192.0.2.1',
        peer: '198.51.100.1',
        origin: 'https://app.example',
        isJudged: true,
        headers,
        startedAt: STARTED,
      },
    ]);
    expect(ended).toEqual(told);
  });

  it('MO-10 names no origin that is not allowed, and no peer that has gone', () => {
    const { begun, observation } = setUp();
    observation.begin(judged({ kind: 'denied', text: 'https://evil.example' } as never));
    expect(begun).toMatchObject([{ origin: undefined, peer: '' }]);
  });

  it('MO-10 begins a trace at its end where it was refused before', () => {
    const { begun, ended, observation } = setUp({ isTold: false });
    observation.end(END);
    expect(begun).toEqual([
      { path: '/chat', address: '', peer: '', origin: undefined, isJudged: false, headers, startedAt: STARTED },
    ]);
    expect(ended).toHaveLength(1);
  });

  it('MO-10 does its work inside of the trace, and without one as it is', () => {
    const traced = setUp();
    expect(traced.observation.run(() => 'early')).toBe('early');
    traced.observation.begin(judged({ kind: 'absent' } as never));
    const work = () => {
      traced.order.push('work');
      return 'done';
    };
    expect(traced.observation.run(work)).toBe('done');
    expect(traced.order).toEqual(['in', 'work', 'out']);
    const plain = setUp({ isTraced: false });
    plain.observation.begin(judged({ kind: 'absent' } as never));
    expect(plain.observation.run(() => 1)).toBe(1);
    plain.observation.end(END);
    expect(plain.told).toHaveLength(1);
  });

  it.each<[string, WsObserver, boolean]>([
    ['nobody', {}, false],
    ['who wants messages', { onMessage: () => {} }, false],
    ['who is told', { onHandshake: () => {} }, true],
    ['who traces', { beginHandshake: () => ({ run: () => {}, end: () => {} }) }, true],
  ])('MO-10 measures handshakes for %s: %#', (_, observer, observes) => {
    expect(observesHandshakes(observer)).toBe(observes);
  });
});

describe('observedHandshakeSteps', () => {
  const NAMES = ['ready', 'client-address', 'transport', 'credentials'];
  const refusal = refuse('plaintext');

  function run(isObserved: boolean) {
    const order: string[] = [];
    const steps = NAMES.map((name) => ({
      name,
      run: () => {
        order.push(name);
        return name === 'transport' ? refusal : undefined;
      },
    }));
    const measure = isObserved && {
      begin: () => order.push('begin'),
      run: (work: () => unknown) => {
        order.push('inside:');
        return work();
      },
    };
    const context = { input: { observation: measure === false ? undefined : measure } } as unknown as HandshakeContext;
    const observed = observedHandshakeSteps(steps);
    return { order, steps, observed, results: observed.map((step) => step.run(context)) };
  }

  it('MO-10 HS-21 runs inside of the trace from where origin and address are judged', () => {
    const { order, observed, results, steps } = run(true);
    expect(observed.map(({ name }) => name)).toEqual(NAMES);
    expect(observed.slice(0, 2)).toEqual(steps.slice(0, 2));
    expect(order).toEqual(['ready', 'client-address', 'begin', 'inside:', 'transport', 'inside:', 'credentials']);
    expect(results).toEqual([undefined, undefined, refusal, undefined]);
  });

  it('MO-10 runs as it is where a handshake is not observed', () => {
    const { order, results } = run(false);
    expect(order).toEqual(NAMES);
    expect(results[2]).toBe(refusal);
  });
});
