import { SecurityEventSink } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { act, list, openOperations, operationsApp, type Row } from '../support/operations.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const ECHO = { providers: [EchoGateway] };

describe('the figures of the operations page', () => {
  it('MO-10 counts every refusal of a flood, by reason, and says who was limited', async () => {
    const throttling = { violations: { budget: 30 } };
    const app = await startApp(operationsApp({ ...ECHO, options: { throttling } }));
    const operator = await openOperations(app);
    const flooder = await connect(`${app.url}/echo`, { token: app.token({ sub: 'flooder' }) });
    for (let i = 0; i < 3; i++) flooder.send('nothing.here', {}, i);
    for (let i = 0; i < 4; i++) flooder.socket.send('{');
    await flooder.expectClose();
    await until(() => app.events.ofType('ws.violations.exceeded').length > 0, 'the flood is over');
    operator.send('ops.watch', undefined, 'w');
    const { data } = await operator.next();
    expect(data).toMatchObject({
      refusals: { total: expect.any(Number) as number },
      limited: [{ kind: 'principal', reason: 'violations', isPenalised: true }],
    });
    const { refusals: figures } = data as { refusals: { series: { kind: string; total: number; counts: number[] }[] } };
    const of = (kind: string) => figures.series.find((each) => each.kind === kind);
    expect(of('ws.message.refused/unknown-event')).toMatchObject({ total: 3 });
    expect(of('ws.message.refused/unknown-event')?.counts).toHaveLength(60);
    expect(of('ws.message.refused/json-syntax')?.total).toBe(
      app.events.ofType('ws.message.refused').filter(({ reason }) => reason === 'json-syntax').length,
    );
    expect(JSON.stringify(data)).not.toContain('flooder');
  });

  it('MO-10 calls a minute of the chart by the same time as long as it is shown', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startApp({ ...operationsApp(ECHO), clock });
    const operator = await openOperations(app);
    operator.send('ops.watch', undefined, 'w');
    const next = async () =>
      (await operator.next()).data as { readonly time: string; readonly minuteStartedAt: string };
    const first = await next();
    clock.advance(2000);
    const second = await next();
    const since = ({ time, minuteStartedAt }: typeof first) => Date.parse(time) - Date.parse(minuteStartedAt);
    expect(since(second)).toBe((since(first) + 2000) % 60_000);
  });

  it('MO-10 counts who was limited in a flood that overruns the queues of the audit', async () => {
    const throttling = { connection: [{ limit: 1, ttl: 60_000 }], violations: { budget: 1_000_000 } };
    const app = await startApp(operationsApp({ ...ECHO, options: { throttling, events: { maxQueuedEvents: 4 } } }));
    const flooder = await connect(`${app.url}/echo`, { token: app.token({ sub: 'flooder' }) });
    for (let i = 0; i < 40; i++) flooder.send('echo', { text: 'x' }, i);
    // Refusals are told together; the last one names the last message.
    for (let last = 0; last < 40;) last = (await flooder.next()).messages?.[1] ?? last;
    const operator = await openOperations(app);
    operator.send('ops.watch', undefined, 'w');
    const { data } = await operator.next();
    expect(data).toMatchObject({ limited: [{ kind: 'principal', reason: 'connection-throttle', times: 39 }] });
  });

  it('MO-09 keeps what operators did in sight while a flood overruns a slow sink', async () => {
    const hang = deferred();
    class Hanging extends SecurityEventSink {
      override write(): Promise<void> {
        return hang.promise;
      }
    }
    const clock = new FakeClock(Date.now());
    const lifecycle = { pingIntervalMs: 86_400_000, idleTimeoutMs: Infinity };
    const events = { sinks: [new Hanging()], maxQueuedEvents: 4, sinkTimeoutMs: 60_000 };
    const app = await startApp(operationsApp({ ...ECHO, clock, options: { events, lifecycle } }));
    const operator = await openOperations(app);
    await connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) });
    const { connectionId } = (await list(operator)).rows.at(1) as Row;
    expect(await act(operator, { action: 'disconnect', connectionId })).toMatchObject({ outcome: 'done' });
    for (let second = 0; second < 60; second++) {
      await handshake(`${app.url}/echo`, { token: 'x.y.z' });
      clock.advance(1000);
    }
    operator.send('ops.watch', undefined, 'w');
    const { notable } = (await operator.next()).data as { notable: { type: string; fields: { dropped: number } }[] };
    hang.resolve();
    expect(notable.map(({ type }) => type)).toEqual(['ws.audit.dropped', 'ws.operator.acted']);
    expect(notable[0]?.fields.dropped).toBeGreaterThanOrEqual(59);
  });
});
