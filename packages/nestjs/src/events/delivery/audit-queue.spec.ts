import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { AuditQueue, type AuditQueueSettings, type LossReport } from './audit-queue.js';
import type { SecurityEvent } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';

// Of a type that is rare, which may fill the whole queue.
const event = (connectionId: string): SecurityEvent => ({ type: 'ws.operator.acted', connectionId }) as SecurityEvent;
const opened = (connectionId: string, method = 'jwt:bearer'): SecurityEvent =>
  ({ type: 'ws.connection.opened', connectionId, method }) as SecurityEvent;
const refusal = (connectionId: string): SecurityEvent =>
  ({ type: 'ws.message.refused', connectionId }) as SecurityEvent;
const lossReport = (dropped: number): LossReport =>
  ({ type: 'ws.audit.dropped', sink: 'S', dropped, failed: 0 }) as LossReport;

class TestSink extends SecurityEventSink {
  readonly seen: SecurityEvent[] = [];

  constructor(private readonly answer: (event: SecurityEvent) => unknown = () => undefined) {
    super();
  }

  get places(): unknown[] {
    return this.seen.map((each) => ('connectionId' in each ? each.connectionId : each));
  }

  override write(written: SecurityEvent): void | Promise<void> {
    this.seen.push(written);
    return this.answer(written) as void | Promise<void>;
  }
}

function setUp(sink: SecurityEventSink, settings: Partial<AuditQueueSettings> = {}) {
  const clock = new FakeClock();
  const faults: unknown[] = [];
  const losses = { count: 0 };
  const queue = new AuditQueue(sink, clock, {
    capacity: 3,
    timeoutMs: 5000,
    isDeferred: false,
    tellsAlertsApart: false,
    onLoss: () => losses.count++,
    onFault: (error) => faults.push(error),
    ...settings,
  });
  return { clock, faults, losses, queue };
}

const hang = (): Promise<void> => new Promise(() => undefined);

describe('AuditQueue', () => {
  it('MO-09 calls a sink that answers at once inside push, and keeps nothing', () => {
    const sink = new TestSink();
    const { queue, clock } = setUp(sink);
    for (let count = 0; count < 10; count++) queue.push(event(`${count}`));

    expect(sink.seen).toHaveLength(10);
    expect(queue.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('MO-09 lets events wait for a promise, in their order', async () => {
    const sink = new TestSink(() => immediate());
    const { queue, clock } = setUp(sink);
    for (const where of ['a', 'b', 'c']) queue.push(event(where));
    expect(sink.places).toEqual(['a']);

    await queue.idle();
    expect(clock.pending).toBe(0);

    expect(sink.places).toEqual(['a', 'b', 'c']);
    expect(queue.takeLosses().events).toBeUndefined();
  });

  it('MO-09 gives a sink that takes several no more than 256 in one call', async () => {
    const sizes: number[] = [];
    const sink = Object.assign(new TestSink(), {
      writeBatch: (events: readonly SecurityEvent[]) => {
        sizes.push(events.length);
      },
    });
    const { queue } = setUp(sink, { capacity: 1000, isDeferred: true });
    for (let count = 0; count < 600; count++) queue.push(event(`${count}`));
    await queue.idle();

    expect(sizes).toEqual([256, 256, 88]);
  });

  it('MO-09 MO-10 says what was lost since the beginning, also once it has been reported', () => {
    const { queue } = setUp(new TestSink(hang));
    for (let count = 0; count < 6; count++) queue.push(event(`${count}`));
    expect(queue.losses).toEqual({ dropped: 2, failed: 0 });
    expect(queue.takeLosses().events).toEqual({ dropped: 2, failed: 0 });
    expect(queue.losses).toEqual({ dropped: 2, failed: 0 });
    queue.push(event('6'));
    expect(queue.losses).toEqual({ dropped: 3, failed: 0 });
    expect(queue.takeLosses().events).toEqual({ dropped: 1, failed: 0 });
    expect(queue.losses).toEqual({ dropped: 3, failed: 0 });
  });

  it('MO-09 DR-24 bounds what waits for a sink that hangs, and counts what it dropped', () => {
    const sink = new TestSink(hang);
    const { queue, losses } = setUp(sink);
    for (let count = 0; count < 10_000; count++) queue.push(event(`${count}`));

    expect(sink.seen).toHaveLength(1);
    expect(queue.size).toBe(3);
    expect(losses.count).toBe(9996);
    expect(queue.takeLosses().events).toEqual({ dropped: 9996, failed: 0 });
    expect(queue.takeLosses().events).toBeUndefined();
    expect(queue.isHealthy).toBe(false);
  });

  it('MO-09 gives a sink that hangs up after its time, and goes on with the next event', async () => {
    let isHanging = true;
    const sink = new TestSink(() => (isHanging ? hang() : undefined));
    const { queue, clock, faults } = setUp(sink);
    queue.push(event('a'));
    queue.push(event('b'));
    isHanging = false;

    clock.advance(4999);
    await immediate();
    expect(sink.places).toEqual(['a']);
    clock.advance(1);
    expect(queue.isHealthy).toBe(false);
    await queue.idle();

    expect(sink.places).toEqual(['a', 'b']);
    expect(queue.takeLosses().events).toEqual({ dropped: 0, failed: 1 });
    expect(faults).toHaveLength(1);
    expect(queue.isHealthy).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('MO-09 does not mistake an answer that comes late for the answer to the next event', async () => {
    const answers: (() => void)[] = [];
    const sink = new TestSink(() => new Promise<void>((resolve) => answers.push(resolve)));
    const { queue, clock } = setUp(sink);
    for (const where of ['a', 'b', 'c']) queue.push(event(where));
    clock.advance(5000);
    await immediate();
    expect(sink.places).toEqual(['a', 'b']);

    answers[0]?.();
    await immediate();
    await immediate();

    expect(sink.places).toEqual(['a', 'b']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
    [
      'returns a thenable that throws',
      () => ({
        then: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'returns a promise whose constructor cannot be read',
      () =>
        Object.defineProperty(Promise.resolve(), 'constructor', {
          get() {
            throw new Error('no');
          },
        }),
    ],
    [
      'returns something whose then cannot be read',
      () => ({
        get then() {
          throw new Error('no');
        },
      }),
    ],
  ])('MO-09 AN-03 contains a sink that %s, and counts the event', async (_, answer) => {
    const { queue, faults } = setUp(new TestSink(answer));
    expect(() => {
      queue.push(event('a'));
    }).not.toThrow();
    await queue.idle();

    expect(queue.takeLosses().events).toEqual({ dropped: 0, failed: 1 });
    expect(faults).toHaveLength(1);
    expect(queue.isHealthy).toBe(false);
  });

  it('MO-09 is healthy again after a write that worked', () => {
    let isBroken = true;
    const sink = new TestSink(() => {
      if (isBroken) throw new Error('full');
    });
    const { queue } = setUp(sink);
    queue.push(event('a'));
    isBroken = false;
    expect(queue.isHealthy).toBe(false);

    queue.push(event('b'));

    expect(queue.isHealthy).toBe(true);
  });

  it('MO-09 stays unhealthy after an overflow until little waits again', async () => {
    const answers: (() => void)[] = [];
    const sink = new TestSink(() => new Promise<void>((resolve) => answers.push(resolve)));
    const { queue } = setUp(sink, { capacity: 4 });
    for (const where of ['a', 'b', 'c', 'd', 'e', 'dropped']) queue.push(event(where));
    const seen: boolean[] = [];
    for (let index = 0; index < 5; index++) {
      answers[index]?.();
      // One turn for the answer to come in, one for the next event to be written.
      await immediate();
      await immediate();
      seen.push(queue.isHealthy);
    }

    expect(seen).toEqual([false, false, false, true, true]);
  });

  it('MO-09 DR-24 F28 keeps three quarters of the queue for what strangers cannot cause', () => {
    const sink = new TestSink(hang);
    const { queue, losses } = setUp(sink, { capacity: 8 });
    for (let count = 0; count < 10_000; count++) queue.push(refusal(`${count}`));
    expect(queue.size).toBe(2);
    expect(losses.count).toBe(9997);
    expect(queue.isHealthy).toBe(true);

    for (let count = 0; count < 6; count++) queue.push(event(`${count}`));
    expect([queue.size, queue.isHealthy]).toEqual([8, true]);

    queue.push(event('one too many'));
    expect([queue.size, queue.isHealthy]).toEqual([8, false]);
  });

  it('MO-09 keeps an eighth of the queue for what is rare, whoever comes and goes', () => {
    const { queue, losses } = setUp(new TestSink(hang), { capacity: 16 });
    for (let count = 0; count < 10_000; count++) queue.push(opened(`${count}`));
    expect([queue.size, losses.count]).toEqual([14, 9985]);

    queue.push(event('first'));
    queue.push(event('second'));
    expect([queue.size, losses.count]).toEqual([16, 9985]);
    queue.push(event('third'));
    expect([queue.size, losses.count]).toEqual([16, 9986]);
  });

  it('MO-09 F28 is not failing because strangers come and go, and has room for users and for what is rare', () => {
    const { queue, losses } = setUp(new TestSink(hang), { capacity: 16 });
    for (let count = 0; count < 10_000; count++) queue.push(opened(`${count}`, 'anonymous:none'));
    for (let count = 0; count < 10_000; count++) queue.push(refusal(`${count}`));
    expect([queue.size, losses.count, queue.isHealthy]).toEqual([8, 19_991, true]);

    for (let count = 0; count < 6; count++) queue.push(opened(`${count}`));
    for (let count = 0; count < 2; count++) queue.push(event(`${count}`));
    expect([queue.size, losses.count, queue.isHealthy]).toEqual([16, 19_991, true]);
    queue.push(opened('one too many'));
    expect([queue.size, losses.count, queue.isHealthy]).toEqual([16, 19_992, false]);
  });

  it('MO-09 F28 recovers from an overflow while strangers keep their part full', async () => {
    let answer = (): void => undefined;
    const { queue } = setUp(new TestSink(() => new Promise<void>((resolve) => (answer = resolve))), { capacity: 8 });
    for (let count = 0; count < 9; count++) queue.push(opened(`${count}`));
    expect(queue.isHealthy).toBe(false);
    for (let count = 0; count < 7; count++) {
      answer();
      await immediate();
      await immediate();
      for (let more = 0; more < 9; more++) queue.push(opened(`${count}.${more}`, 'anonymous:none'));
    }

    expect([queue.size, queue.isHealthy]).toEqual([4, true]);
  });

  it('MO-09 is failing where it does not take the event of a stranger', () => {
    const { queue } = setUp(
      new TestSink(() => {
        throw new Error('full');
      }),
    );
    queue.push(opened('a', 'anonymous:none'));

    expect(queue.isHealthy).toBe(false);
  });

  it('MO-09 keeps a place of the smallest queue for what is rare', async () => {
    let answer = (): void => undefined;
    const sink = new TestSink(() => new Promise<void>((resolve) => (answer = resolve)));
    const { queue, losses } = setUp(sink, { capacity: 4 });
    for (const where of ['a', 'b', 'c', 'd', 'lost']) queue.push(opened(where));
    queue.push(event('act'));
    expect(losses.count).toBe(1);
    for (let count = 0; count < 5; count++) {
      answer();
      await immediate();
      await immediate();
    }

    expect(sink.places).toEqual(['a', 'b', 'c', 'd', 'act']);
  });

  it('MO-09 DR-24 F28 lets refusals wait again when those before them are written', async () => {
    const sink = new TestSink(() => immediate());
    const { queue } = setUp(sink, { capacity: 4 });
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 3; count++) queue.push(refusal(`${round}.${count}`));
      await queue.idle();
    }

    expect(sink.places).toEqual(['0.0', '0.1', '1.0', '1.1', '2.0', '2.1']);
  });

  it('MO-09 F28 does not judge a sink by refusals that it fails at, but takes one that works for a good sign', () => {
    let isBroken = true;
    const sink = new TestSink(() => {
      if (isBroken) throw new Error('full');
    });
    const { queue } = setUp(sink);
    queue.push(refusal('a'));
    expect(queue.isHealthy).toBe(true);
    expect(queue.takeLosses().events).toEqual({ dropped: 0, failed: 1 });

    // The report of that loss finds out whether the sink is away.
    queue.pushReport(lossReport(1));
    expect(queue.isHealthy).toBe(false);

    isBroken = false;
    queue.push(refusal('b'));
    expect(queue.isHealthy).toBe(true);
  });

  it('MO-09 tells a sink about its own losses before what waits, with one exact sum', async () => {
    let isHanging = true;
    const sink = new TestSink(() => (isHanging ? hang() : undefined));
    const { queue, clock } = setUp(sink);
    for (const where of ['a', 'b', 'c', 'd', 'lost', 'lost']) queue.push(event(where));
    queue.pushReport(lossReport(2));
    queue.pushReport(lossReport(5));
    isHanging = false;
    clock.advance(5000);
    await queue.idle();

    expect(sink.places).toEqual([
      'a',
      expect.objectContaining({ type: 'ws.audit.dropped', dropped: 7 }),
      'b',
      'c',
      'd',
    ]);
  });

  it('MO-09 MO-10 tells a sink that was away of all that it lost, before anything else', () => {
    let isAway = true;
    const calls: string[][] = [];
    const write = (events: readonly SecurityEvent[]): void => {
      if (isAway) throw new Error('away');
      calls.push(events.map((each) => ('connectionId' in each ? String(each.connectionId) : JSON.stringify(each))));
    };
    const sink = Object.assign(new TestSink(), { writeBatch: write });
    const { queue } = setUp(sink);
    queue.push(event('lost'));
    queue.pushReport(lossReport(1));
    queue.push(event('lost'));
    queue.pushReport(lossReport(4));
    isAway = false;
    queue.retryReport();
    queue.retryReport();
    queue.push(event('a'));

    expect(calls).toEqual([[expect.stringContaining('"dropped":5')], ['a']]);
  });

  it.each([
    ['one call for each event', false],
    ['several in a call', true],
  ])('MO-09 MO-10 tries such a report with the next event, and no oftener: %s', async (_, isBatch) => {
    let isAway = true;
    let calls = 0;
    const seen: SecurityEvent[] = [];
    const take = (events: readonly SecurityEvent[]): void => {
      calls++;
      if (isAway) throw new Error('away');
      seen.push(...events);
    };
    const sink = Object.assign(
      new TestSink(),
      isBatch ? { writeBatch: take } : { write: (one: SecurityEvent) => take([one]) },
    );
    const { queue } = setUp(sink);
    queue.pushReport(lossReport(2));
    queue.push(event('lost'));
    await queue.idle();
    expect(calls).toBe(2);

    isAway = false;
    queue.push(event('a'));
    queue.push(event('b'));
    await queue.idle();

    expect(seen.map((each) => ('connectionId' in each ? each.connectionId : each.type))).toEqual([
      'ws.audit.dropped',
      'a',
      'b',
    ]);
  });

  it('MO-09 does not report that a report was lost', () => {
    const sink = new TestSink(() => {
      throw new Error('full');
    });
    const { queue, losses } = setUp(sink);
    queue.pushReport(lossReport(1));

    expect(losses.count).toBe(0);
    expect(queue.takeLosses().events).toBeUndefined();
  });

  it('MO-09 never calls a sink inside its own call, and lets the process work between such events', async () => {
    const state = { depth: 0, deepest: 0 };
    const reporting: { queue?: AuditQueue } = {};
    const sink = new TestSink(() => {
      state.depth++;
      state.deepest = Math.max(state.deepest, state.depth);
      if (sink.seen.length < 1000) reporting.queue?.push(event('again'));
      state.depth--;
    });
    const { queue } = setUp(sink);
    reporting.queue = queue;
    queue.push(event('first'));
    expect(sink.seen).toHaveLength(1);
    await immediate();
    const afterOneTurn = sink.seen.length;
    await queue.idle();

    expect(state.deepest).toBe(1);
    expect(afterOneTurn).toBeLessThanOrEqual(1 + 64);
    expect(sink.seen).toHaveLength(1000);
  });

  it('MO-09 calls a deferred sink only after push, however idle it is', async () => {
    const sink = new TestSink();
    const { queue } = setUp(sink, { isDeferred: true });
    queue.push(event('a'));
    expect(sink.seen).toHaveLength(0);

    await queue.idle();

    expect(sink.places).toEqual(['a']);
  });

  it('goes around its ring in order', async () => {
    const sink = new TestSink();
    const { queue } = setUp(sink, { isDeferred: true });
    for (let round = 0; round < 5; round++) {
      queue.push(event(`${round}a`));
      queue.push(event(`${round}b`));
      await queue.idle();
    }

    expect(sink.places).toEqual(['0a', '0b', '1a', '1b', '2a', '2b', '3a', '3b', '4a', '4b']);
  });
});
