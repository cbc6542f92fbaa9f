import { setImmediate as immediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { defaultEventsSettings, type EventsSettings } from './events.options.js';
import { LoggerSink } from './sinks/logger.sink.js';
import type { SecurityEventListener } from './listeners/security-event-listeners.js';
import { type SecurityEvent, type SecurityEventData, type SecurityEventType, typesMatching } from './security-event.js';
import { SecurityEvents } from './security-events.js';
import { SecurityEventSink } from './security-event-sink.js';

class TestSink extends SecurityEventSink {
  readonly seen: SecurityEvent[] = [];

  constructor(readonly answer: () => unknown = () => undefined) {
    super();
  }

  get types(): string[] {
    return this.seen.map(({ type }) => type);
  }

  override write(event: SecurityEvent): void | Promise<void> {
    this.seen.push(event);
    return this.answer() as void | Promise<void>;
  }
}

class BrokenSink extends TestSink {
  constructor() {
    super(() => {
      throw new Error('disk full');
    });
  }
}

const badMessage = (changes: object = {}): SecurityEventData => ({
  type: 'ws.message.refused',
  code: 'BAD_MESSAGE',
  reason: 'json-syntax',
  connectionId: 'connection-1',
  principal: '["jwt","https://id.example.com","alice"]',
  path: '/orders',
  address: '192.0.2.7',
  correlationId: 'correlation-1',
  ...changes,
});

const opened = (): SecurityEventData => ({
  type: 'ws.connection.opened',
  connectionId: 'connection-1',
  principal: '["jwt","https://id.example.com","alice"]',
  path: '/orders',
  address: '192.0.2.7',
});

const foreignOrigin = (): SecurityEventData => ({
  type: 'ws.handshake.refused',
  status: 403,
  reason: 'origin-not-allowed',
  address: '192.0.2.7',
  origin: 'https://evil.example',
});

const listener = (name: string, pattern: string, call: SecurityEventListener['call']): SecurityEventListener => ({
  name,
  types: typesMatching([pattern]),
  call,
});

const hang = (): Promise<void> => new Promise(() => undefined);

describe('SecurityEvents', () => {
  const clock = { current: new FakeClock() };
  const lines: string[] = [];

  const setUp = (sinks: readonly SecurityEventSink[], settings: Partial<EventsSettings> = {}): SecurityEvents =>
    new SecurityEvents(clock.current, sinks, { ...defaultEventsSettings(), ...settings });

  const linesOf = (type: string): SecurityEvent[] =>
    lines.map((line) => JSON.parse(line) as SecurityEvent).filter((event) => event.type === type);

  beforeEach(() => {
    clock.current = new FakeClock();
    lines.length = 0;
    for (const level of ['log', 'warn', 'error'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((line: string) => {
        lines.push(line);
      });
    }
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('MO-03 MO-05 gives every sink each event at once, with its name and its time', () => {
    const sinks = [new TestSink(), new TestSink()];
    setUp(sinks).emit(badMessage());

    for (const sink of sinks) {
      expect(sink.seen).toMatchObject([
        { type: 'ws.message.refused', owasp: 'input_validation_fail', time: '2026-01-01T00:00:00.000Z' },
      ]);
    }
  });

  it('MO-06 AN-17 shows the canary of an identity and of a query to no sink, listener or log line', async () => {
    const sampled = new TestSink();
    const broken = new BrokenSink();
    const heard: SecurityEvent[] = [];
    const events = setUp([new LoggerSink(), sampled, broken, new TestSink(hang)]);
    events.listen([listener('Alerts.onAny', 'ws.*', (event) => heard.push(event))]);
    for (let count = 0; count < 50; count++) {
      events.emit(
        badMessage({
          principal: '["jwt","iss","canary"]',
          path: '/orders?token=canary',
          sessionId: 'canary-session',
          tokenId: 'canary-token',
        }),
      );
    }
    clock.current.advance(1000);
    await immediate();
    await immediate();

    expect(lines.length).toBeGreaterThan(0);
    expect(heard.length).toBeGreaterThan(50);
    expect(JSON.stringify([lines, heard, sampled.seen, broken.seen, events.counts])).not.toContain('canary');
  });

  it('DR-24 turns 10,000 bad messages into 20 log lines, one summary with the exact rest, and an exact counter', () => {
    const other = new TestSink();
    const events = setUp([new LoggerSink(), other]);
    for (let count = 0; count < 10_000; count++) events.emit(badMessage());
    clock.current.advance(1000);

    expect(lines).toHaveLength(21);
    expect(linesOf('ws.audit.summary')).toMatchObject([
      { suppressed: { 'ws.message.refused/json-syntax': 9980 }, total: 9980 },
    ]);
    expect(events.counts['ws.message.refused']).toEqual({ total: 10_000, reasons: { 'json-syntax': 10_000 } });
    expect(other.seen).toHaveLength(10_000);
    expect(clock.current.pending).toBe(0);
  });

  it('DR-24 writes a summary when a flood has begun and one a minute as long as it lasts, and its sums are exact', () => {
    const events = setUp([new LoggerSink()]);
    for (let step = 0; step < 100; step++) {
      for (let count = 0; count < 100; count++) events.emit(badMessage());
      clock.current.advance(100);
    }
    expect(linesOf('ws.audit.summary')).toHaveLength(1);
    clock.current.advance(60_000);
    const summaries = linesOf('ws.audit.summary') as Extract<SecurityEvent, { type: 'ws.audit.summary' }>[];
    const suppressed = summaries.reduce((sum, { total }) => sum + total, 0);

    expect(summaries).toHaveLength(2);
    expect(lines.length - summaries.length + suppressed).toBe(10_000);
  });

  it('DR-24 MO-10 tells listeners, observers and the counters once of a flood that several sinks were spared', async () => {
    const fewer = Object.assign(new TestSink(), {
      wants: (type: SecurityEventType) => type !== 'ws.handshake.refused',
    });
    const only = Object.assign(new TestSink(), { wants: (type: SecurityEventType) => type === 'ws.message.refused' });
    const events = setUp([new LoggerSink(), fewer, only], { sampling: 'all-sinks' });
    const heard: SecurityEvent[] = [];
    const observed: SecurityEventData[] = [];
    events.listen([listener('Floods.onSummary', 'ws.audit.summary', (event) => heard.push(event))]);
    events.observe((data) => observed.push(data));
    for (let count = 0; count < 50; count++) {
      events.emit(badMessage());
      events.emit(foreignOrigin());
    }
    clock.current.advance(1000);
    await events.flush();

    const suppressed = { 'ws.message.refused/json-syntax': 30, 'ws.handshake.refused/origin-not-allowed': 30 };
    expect(linesOf('ws.audit.summary')).toMatchObject([{ suppressed, total: 60 }]);
    expect(fewer.seen.at(-1)).toMatchObject({ suppressed: { 'ws.message.refused/json-syntax': 30 }, total: 30 });
    expect(only.types).not.toContain('ws.audit.summary');
    expect(heard).toMatchObject([{ suppressed, total: 60 }]);
    expect(observed.filter(({ type }) => type === 'ws.audit.summary')).toMatchObject([{ suppressed, total: 60 }]);
    expect(events.counts['ws.audit.summary']).toEqual({ total: 1, reasons: {} });
  });

  it.each<[EventsSettings['sampling'], number, number]>([
    ['log-lines', 20, 100],
    ['all-sinks', 20, 20],
    ['off', 100, 100],
  ])('DR-24 samples as events.sampling %s says', (sampling, inLog, inOther) => {
    const other = new TestSink();
    const events = setUp([new LoggerSink(), other], { sampling });
    for (let count = 0; count < 100; count++) events.emit(badMessage());

    expect(lines).toHaveLength(inLog);
    expect(other.seen).toHaveLength(inOther);
  });

  it('MO-09 brings an event to the others where one sink throws, another rejects and a third hangs', async () => {
    const healthy = new TestSink();
    const rejecting = new TestSink(() => Promise.reject(new Error('away')));
    const events = setUp([new BrokenSink(), rejecting, new TestSink(hang), healthy]);
    for (let count = 0; count < 10; count++) events.emit(badMessage());
    expect(healthy.seen).toHaveLength(10);

    // Until the sink that rejects has had them all: two turns an event.
    while (rejecting.seen.length < 10) await immediate();
    await immediate();
    expect(events.sinkFailures).toBe(20);
  });

  it('MO-09 DR-24 reports dropped events to every sink, once a second and exactly', async () => {
    const healthy = new TestSink();
    const state = { isHanging: true };
    const slow = new TestSink(() => (state.isHanging ? hang() : undefined));
    const events = setUp([slow, healthy], { maxQueuedEvents: 10, sinkTimeoutMs: 60_000 });
    for (let count = 0; count < 100; count++) events.emit(opened());
    expect(healthy.types).not.toContain('ws.audit.dropped');

    clock.current.advance(1000);
    for (let count = 0; count < 5; count++) events.emit(opened());
    clock.current.advance(1000);
    clock.current.advance(60_000);

    const reports = healthy.seen.filter(({ type }) => type === 'ws.audit.dropped');
    expect(reports).toMatchObject([
      { sink: 'TestSink', dropped: 90, failed: 0, owasp: 'sys_monitor_disabled' },
      { dropped: 5 },
      { failed: 1 },
    ]);
    state.isHanging = false;
    await events.flush();
    // The place that is kept for what is rare had room for the first report; the second one goes before what waits.
    expect(slow.seen.filter(({ type }) => type === 'ws.audit.dropped')).toMatchObject([
      { dropped: 5 },
      { dropped: 90 },
    ]);
    expect(events.counts['ws.connection.opened']?.total).toBe(105);
  });

  it('MO-09 stops reporting when nothing more is lost: broken sinks do not keep each other busy', () => {
    const sinks = [new BrokenSink(), new BrokenSink()];
    const events = setUp(sinks);
    events.emit(badMessage());
    clock.current.advance(1000);

    expect(sinks.map(({ types }) => types)).toEqual([
      ['ws.message.refused', 'ws.audit.dropped', 'ws.audit.dropped'],
      ['ws.message.refused', 'ws.audit.dropped', 'ws.audit.dropped'],
    ]);
    expect(clock.current.pending).toBe(0);
    expect(events.sinkFailures).toBe(6);
  });

  it.each<[EventsSettings['onSinkFailure'], boolean]>([
    ['continue', true],
    ['refuse-handshakes', false],
  ])('MO-09 admits handshakes while a sink fails as events.onSinkFailure %s says', (onSinkFailure, admits) => {
    const state = { isBroken: true };
    const sink = new TestSink(() => {
      if (state.isBroken) throw new Error('disk full');
    });
    const events = setUp([sink, new TestSink()], { onSinkFailure });
    expect([events.isHealthy, events.admitsHandshakes]).toEqual([true, true]);

    events.emit(opened());
    expect([events.isHealthy, events.admitsHandshakes]).toEqual([false, admits]);

    state.isBroken = false;
    // The refused handshake is reported too: that is the attempt that finds out that the sink is back.
    events.emit({ type: 'ws.handshake.refused', status: 503, reason: 'not-ready', address: '192.0.2.7' });
    expect([events.isHealthy, events.admitsHandshakes]).toEqual([true, true]);
  });

  it('MO-09 F28 admits handshakes while a flood of refusals is more than a sink can take, and writes who comes in', async () => {
    let isBroken = false;
    const sink = new TestSink(() => (isBroken ? Promise.reject(new Error('too many')) : immediate()));
    const events = setUp([sink], { onSinkFailure: 'refuse-handshakes', maxQueuedEvents: 8 });
    isBroken = true;
    for (let second = 0; second < 3; second++) {
      for (let count = 0; count < 1000; count++) events.emit(foreignOrigin());
      expect(events.admitsHandshakes).toBe(true);
      await immediate();
      isBroken = false;
      events.emit(opened());
      clock.current.advance(1000);
      while (sink.types.filter((type) => type === 'ws.connection.opened').length <= second) await immediate();
    }

    expect(events.admitsHandshakes).toBe(true);
    // A second's worth of twenty goes to the queue, which takes one and lets two wait.
    expect(sink.types.filter((type) => type === 'ws.handshake.refused').length).toBeLessThanOrEqual(9);
    expect(sink.types).toContain('ws.audit.summary');
  });

  it('MO-09 F28 finds out within a second that a sink is away which only refusals were written to', () => {
    const sink = new BrokenSink();
    const events = setUp([sink], { onSinkFailure: 'refuse-handshakes' });
    for (let count = 0; count < 1000; count++) events.emit(foreignOrigin());
    expect(events.admitsHandshakes).toBe(true);
    clock.current.advance(1000);

    expect(events.admitsHandshakes).toBe(false);
    expect(sink.types.filter((type) => type === 'ws.handshake.refused')).toHaveLength(20);
  });

  it('F55 makes no event that no sink wants, counts it all the same, and gives everything to a sink that cannot say', () => {
    const sink = new (class extends TestSink {
      override wants(type: SecurityEventType): boolean {
        if (type === 'ws.handshake.refused') throw new Error('no');
        return type !== 'ws.message.refused';
      }
    })();
    const events = setUp([sink], { onSinkFailure: 'continue' });
    const reads: string[] = [];
    events.emit(Object.defineProperty(badMessage(), 'path', { get: () => reads.push('path') }));
    events.emit(foreignOrigin());
    events.emit(opened());

    expect(reads).toEqual([]);
    expect(sink.types).toEqual(['ws.handshake.refused', 'ws.connection.opened']);
    expect(events.counts['ws.message.refused']?.total).toBe(1);
    expect(events.sinkFailures).toBe(1);
  });

  it('MO-09 never throws, whatever it is given', () => {
    const events = setUp([new TestSink()]);
    const unreadable = Object.defineProperty({ ...badMessage() }, 'path', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });

    for (const data of [undefined, null, {}, { type: 'unknown' }, { ...badMessage(), path: 5 }, unreadable]) {
      expect(() => {
        events.emit(data as SecurityEventData);
      }).not.toThrow();
    }
  });

  it('MO-09 tells each observer of each event and report, also where another one throws', () => {
    const events = setUp([new BrokenSink()]);
    const told: string[] = [];
    events.observe(() => {
      throw new Error('a rule that is broken');
    });
    events.observe(({ type }) => told.push(type));
    events.emit(opened());
    clock.current.advance(1000);

    expect(told).toEqual(['ws.connection.opened', 'ws.audit.dropped']);
    expect(lines.join('\n')).toContain('SecurityEvents.observe');
  });

  it('MO-09 admits handshakes while a listener fails, which is no record', async () => {
    const events = setUp([new TestSink()], { onSinkFailure: 'refuse-handshakes' });
    events.listen([listener('Broken.listen', 'ws.connection.*', () => Promise.reject(new Error('no')))]);
    events.emit(opened());
    await events.flush();

    expect(events.channels.at(-1)).toMatchObject({ name: 'Broken.listen', failed: 1, isHealthy: false });
    expect([events.isHealthy, events.admitsHandshakes]).toEqual([true, true]);
  });

  it('MO-09 DP-02 names the sink that cannot be opened, and what it says', async () => {
    const broken = Object.assign(new TestSink(), { open: () => Promise.reject(new Error('db away')) });
    const opening = setUp([new TestSink(), broken]).open();

    await expect(opening).rejects.toThrow('events.sinks[1]: is a TestSink that cannot be opened: db away.');
  });

  it('MO-09 does not start with a sink that does not become ready', async () => {
    const slow = Object.assign(new TestSink(), { open: hang });
    const opening = setUp([slow], { sinkTimeoutMs: 1000 }).open();
    clock.current.advance(1000);

    await expect(opening).rejects.toThrow(
      'events.sinks[0]: is a TestSink that was not ready within 1000 ms (events.sinkTimeoutMs)',
    );
  });

  it('MO-09 DP-02 closes after a failed boot what it has opened, and leaves the others to who has them', async () => {
    const called: string[] = [];
    const recorded = (name: string, more: object = {}) =>
      Object.assign(new TestSink(), {
        open: () => void called.push(`${name} opens`),
        close: () => void called.push(`${name} closes`),
        ...more,
      });
    const later = recorded('later');
    const broken = recorded('broken', { open: () => Promise.reject(new Error('db away')) });
    await expect(setUp([recorded('first'), broken, later]).open()).rejects.toThrow('db away');
    expect(called).toEqual(['first opens', 'first closes', 'broken closes']);

    await setUp([later]).open();
    await expect(setUp([broken, later]).open()).rejects.toThrow('db away');
    await expect(setUp([later]).open()).rejects.toThrow('another application of this process uses already');
  });

  it('MO-09 ends beside a sink that cannot be closed, and one that never is', async () => {
    const broken = Object.assign(new TestSink(), { close: () => Promise.reject(new Error('already gone')) });
    const first = setUp([broken]);
    await first.open();
    await first.close();
    expect(lines.join('\n')).toContain('already gone');
    const slow = Object.assign(new TestSink(), { close: hang });
    let hasClosed = false;
    const second = setUp([slow], { sinkTimeoutMs: 1000 });
    await second.open();
    const closing = second.close().then(() => (hasClosed = true));
    await vi.waitFor(() => {
      clock.current.advance(1000);
      expect(hasClosed).toBe(true);
    });
    await closing;
  });

  it('brings a listener the events of its pattern, later than emit and in their order', async () => {
    const heard: string[] = [];
    const events = setUp([]);
    events.listen([
      listener('Alerts.onMessage', 'ws.message.*', (event) => heard.push(`${event.type} ${event.time.slice(17, 19)}`)),
    ]);
    events.emit(badMessage());
    events.emit({ type: 'ws.config.weak', option: 'x', warning: 'y' });
    clock.current.advance(1000);
    events.emit(badMessage());
    expect(heard).toEqual([]);

    await events.flush();

    expect(heard).toEqual(['ws.message.refused 00', 'ws.message.refused 01']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])(
    'MO-09 AN-03 contains a listener that %s: it is counted, logged and reported, and the others hear',
    async (_, call) => {
      const sink = new TestSink();
      const heard: string[] = [];
      const events = setUp([sink]);
      events.listen([
        listener('Alerts.broken', 'ws.message.*', call),
        listener('Alerts.good', 'ws.*', ({ type }) => heard.push(type)),
      ]);
      events.emit(badMessage());
      await events.flush();
      clock.current.advance(1000);
      await events.flush();

      expect(heard).toEqual(['ws.message.refused', 'ws.audit.dropped']);
      expect(sink.seen.at(-1)).toMatchObject({ type: 'ws.audit.dropped', sink: 'Alerts.broken', failed: 1 });
      expect(lines.map((line) => (JSON.parse(line) as { where: string }).where)).toEqual(['Alerts.broken']);
      expect(events.isHealthy).toBe(true);
    },
  );

  it('MO-09 lets a listener that causes events of its own type neither starve the process nor grow', async () => {
    const heard: SecurityEvent[] = [];
    const events = setUp([], { maxQueuedEvents: 10 });
    events.listen([
      listener('Alerts.loop', 'ws.message.*', (event) => {
        heard.push(event);
        events.emit(badMessage());
        events.emit(badMessage());
      }),
    ]);
    events.emit(badMessage());
    for (let turn = 0; turn < 10; turn++) await immediate();

    expect(heard.length).toBeLessThanOrEqual(10 * 64);
    clock.current.advance(1000);
    expect(events.counts['ws.audit.dropped']?.total).toBe(1);
  });

  it('DR-24 writes the summary that is due when the application ends, and waits for sinks no longer than it may', async () => {
    const events = setUp([new LoggerSink(), new TestSink(hang)]);
    for (let count = 0; count < 30; count++) events.emit(badMessage());
    const flushed = events.flush(500);
    await immediate();
    clock.current.advance(500);
    await flushed;

    expect(linesOf('ws.audit.summary')).toMatchObject([{ total: 10 }]);
  });
});
