import { type SecurityEvent, SecurityEvents, SecurityEventSink } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { deferred } from '../support/deferred.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';
import { startApp } from '../support/start-app.js';

class BrokenSink extends SecurityEventSink {
  calls = 0;

  constructor(private readonly fail: (event: SecurityEvent) => unknown) {
    super();
  }

  override write(event: SecurityEvent): void | Promise<void> {
    this.calls += 1;
    return this.fail(event) as Promise<void>;
  }
}

const FAILURES: readonly (readonly [what: string, fail: () => unknown])[] = [
  ['throws', () => {
    throw new Error('The disk is full.');
  }],
  ['throws undefined', () => {
    throw undefined;
  }],
  ['rejects', () => Promise.reject(new Error('The disk is full.'))],
  ['rejects with undefined', () => Promise.reject(undefined)],
  ['hangs', () => new Promise(() => undefined)],
  ['answers a promise whose then throws', () => ({
    then: () => {
      throw new Error('no promise at all');
    },
  })],
]; // prettier-ignore

describe('an audit sink that fails', () => {
  it.each(FAILURES)('MO-09 takes nobody’s connection, and neither memory nor the process: it %s', async (_, fail) => {
    const crashes = watchForCrashes();
    const [broken, other] = [new BrokenSink(fail), new RecordingSink()];
    const app = await startApp({
      providers: [EchoGateway],
      options: { events: { sinks: [broken, other], maxQueuedEvents: 10 } },
    });
    for (let i = 0; i < 15; i++) expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    await until(() => other.ofType('ws.connection.closed').length === 15, 'all of them have ended');
    // The sink beside it has every single one.
    expect(other.ofType('ws.connection.opened')).toHaveLength(15);
    expect(broken.calls).toBeGreaterThan(0);
    expect(app.app.get(SecurityEvents).isHealthy).toBe(false);
    expect(crashes).toEqual([]);
  });

  it('MO-09 has a queue with an end, and what was left out is counted and told', async () => {
    const stuck = deferred();
    const [hanging, other] = [new BrokenSink(() => stuck.promise), new RecordingSink()];
    const clock = new FakeClock(Date.now());
    const app = await startApp({
      providers: [EchoGateway],
      clock,
      options: { events: { sinks: [hanging, other], maxQueuedEvents: 10 } },
    });
    for (let i = 0; i < 20; i++) {
      expect(await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' })).toMatchObject({ status: 401 });
    }
    expect(hanging.calls).toBe(1);
    clock.advance(1000);
    // One is being written and two wait, a quarter of the queue; the other seventeen refusals are lost.
    expect(other.ofType('ws.audit.dropped')).toMatchObject([
      { sink: 'BrokenSink', dropped: 17, failed: 0, owasp: 'sys_monitor_disabled' },
    ]);
    // It takes what waited as soon as it can, and the report about the gap behind it.
    stuck.resolve();
    await until(() => hanging.calls === 4, 'the two that waited and the report are written');
  });

  it('MO-09 lets nobody in while it fails, where the options say so', async () => {
    let isBroken = true;
    const clock = new FakeClock(Date.now());
    const sink = new BrokenSink(() => {
      if (isBroken) throw new Error('The disk is full.');
      return undefined;
    });
    const app = await startApp({
      providers: [EchoGateway],
      clock,
      options: { events: { sinks: [sink], onSinkFailure: 'refuse-handshakes' } },
    });
    expect(await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' })).toMatchObject({ status: 401 });
    // The report of the event that was lost finds out that the sink is away.
    clock.advance(1000);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 503 });
    isBroken = false;
    // The event of this one arrives, and with it the sink is well again.
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 503 });
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it('MO-09 F28 does not keep users out because a web page floods it with handshakes of a foreign origin', async () => {
    const clock = new FakeClock(Date.now());
    const written: string[] = [];
    const stuck = deferred();
    const slow = new BrokenSink(({ type }) => {
      written.push(type);
      return stuck.promise;
    });
    const app = await startApp({
      providers: [EchoGateway],
      clock,
      options: { events: { sinks: [slow], maxQueuedEvents: 8, onSinkFailure: 'refuse-handshakes' } },
    });
    for (let i = 0; i < 60; i++) {
      expect(await handshake(`${app.url}/echo`, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    }
    clock.advance(1000);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    stuck.resolve();
    await until(() => written.includes('ws.connection.closed'), 'who came in is on record');
    expect(written.filter((type) => type === 'ws.handshake.refused')).toHaveLength(3);
    expect(written).toContain('ws.connection.opened');
    expect(written).toContain('ws.audit.summary');
  });
});
