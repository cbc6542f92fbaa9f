import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnection } from '@secure-ws/nestjs';
import { type OpenTelemetryOptions, SecureWsOpenTelemetryModule } from '@secure-ws/nestjs/opentelemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type AppShape, type RunningApp, startApp } from '../support/start-app.js';

const SECRET = 'the-secret-of-a-payload';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });

/** A processor of the application's, which may fail. */
let isBroken = false;
const fail = ({ name }: { readonly name: string }): void => {
  if (isBroken && name.startsWith('ws.')) throw new Error('a processor that fails');
};
const quiet = (): Promise<void> => Promise.resolve();
const failing: SpanProcessor = { onStart: fail, onEnd: fail, forceFlush: quiet, shutdown: quiet };

@WebSocketGateway({ path: '/traced' })
@WsAuthorize()
class TracedGateway {
  @SubscribeMessage('say')
  async say(@MessageBody() { text }: Text): Promise<{ text: string }> {
    await Promise.resolve();
    trace.getTracer('of the application').startSpan('a query').end();
    return { text };
  }

  /** Answers by whatever name the client asks for. */
  @SubscribeMessage('parrot')
  parrot(@MessageBody() { text }: Text, @WsConnection() connection: WsConnection): void {
    connection.send(text, { said: true });
  }

  @SubscribeMessage('crash')
  crash(): never {
    throw new Error(SECRET);
  }
}

const start = (options: OpenTelemetryOptions = {}): Promise<RunningApp> =>
  startApp({ providers: [TracedGateway], imports: [SecureWsOpenTelemetryModule.forRoot(options)] });

const named = (name: string) => spans.getFinishedSpans().filter((span) => span.name === name);

/** The values of one metric, by their attributes. */
async function valuesOf(name: string): Promise<readonly { attributes: object; value: unknown }[]> {
  measured.reset();
  await reader.forceFlush();
  const found = measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    .find(({ descriptor }) => descriptor.name === name);
  return (found?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value }));
}

describe('SecureWsOpenTelemetryModule', () => {
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [failing, new SimpleSpanProcessor(spans)] }),
    );
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  });
  afterAll(() => {
    trace.disable();
    metrics.disable();
    context.disable();
    propagation.disable();
  });
  beforeEach(() => {
    spans.reset();
    isBroken = false;
  });

  it('MO-10 has a span for each handshake and message, and what the handler does is under it', async () => {
    const app = await start();
    const client = await connect(`${app.url}/traced`, { token: app.token(), origin: APP_ORIGIN });
    await client.request('say', { text: SECRET });
    expectError(await client.request('crash'), 'INTERNAL');
    expectError(await client.request(SECRET), 'FORBIDDEN');
    await expect(connect(`${app.url}/traced`, { token: SECRET, origin: `https://${SECRET}.example` })).rejects.toThrow(
      '403',
    );
    const [admitted, refused] = named('ws.handshake');
    const [said] = named('ws.message say');
    const [query] = named('a query');
    expect(admitted?.attributes).toEqual({
      'secure_ws.path': '/traced',
      'secure_ws.result': 'admitted',
      'http.response.status_code': 101,
    });
    expect(refused?.attributes).toMatchObject({ 'error.type': 'origin-not-allowed', 'http.response.status_code': 403 });
    expect(said?.attributes).toEqual({ 'secure_ws.event': 'say', 'secure_ws.result': 'handled' });
    expect(said?.links.map(({ context: { spanId } }) => spanId)).toEqual([admitted?.spanContext().spanId]);
    expect(query?.parentSpanContext?.spanId).toBe(said?.spanContext().spanId);
    expect(named('ws.message crash')[0]).toMatchObject({ status: { code: 2 }, events: [] });
    expect(named('ws.message')[0]?.attributes).toMatchObject({ 'error.type': 'unknown-event' });
    const told = spans
      .getFinishedSpans()
      .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(JSON.stringify(told)).not.toContain(SECRET);
  });

  it.each<readonly [who: string, trust: OpenTelemetryOptions['trustTraceContext'], isTrusted: boolean]>([
    ['nobody, as it comes', undefined, false],
    [
      'whom the application trusts',
      ({ origin, path, address, peer }) =>
        origin === APP_ORIGIN && path === '/traced' && address === '127.0.0.1' && peer === '127.0.0.1',
      true,
    ],
    ['nobody, where it is not said plainly', (() => 'yes') as never, false],
    ['nobody, where the answer is a promise', (async () => Promise.resolve(true)) as never, false],
    ['nobody, where the promise is broken', (async () => Promise.reject(new Error('away'))) as never, false],
    [
      'nobody, where asking throws',
      () => {
        throw new Error('away');
      },
      false,
    ],
  ])('MO-10 goes on with the trace of %s', async (_who, trust, isTrusted) => {
    const app = await start(trust === undefined ? {} : { trustTraceContext: trust });
    const headers = { traceparent: TRACEPARENT };
    await connect(`${app.url}/traced`, { token: app.token(), origin: APP_ORIGIN, headers });
    const [handshake] = named('ws.handshake');
    expect(handshake?.spanContext().traceId === TRACE_ID).toBe(isTrusted);
  });

  it('MO-09 changes nothing where what the application does with spans fails', async () => {
    const app = await start();
    const open = () => connect(`${app.url}/traced`, { token: app.token() });
    const before = await open();
    isBroken = true;
    for (const client of [before, await open()]) {
      expect(await client.request('say', { text: 'one' })).toMatchObject({ event: 'say', data: { text: 'one' } });
      expectError(await client.request('crash'), 'INTERNAL');
    }
    const wrong = connect(`${app.url}/traced`, { token: 'aaaa.bbbb.cccc' });
    await expect(wrong).rejects.toThrow('401');
  });

  it.each<readonly [what: string, imports: NonNullable<AppShape['imports']>, problem: string]>([
    ['as a bare class, which would hand on nothing', [SecureWsOpenTelemetryModule], 'hands on nothing'],
    [
      'twice, which would double every figure',
      [SecureWsOpenTelemetryModule.forRoot(), SecureWsOpenTelemetryModule.forRoot({ sentEvents: ['tick'] })],
      'is imported twice',
    ],
  ])('MO-10 does not boot %s', async (_what, imports, expected) => {
    const problems = await bootProblems({ providers: [TracedGateway], imports });
    expect(problems.map(({ problem }) => problem)).toEqual([expect.stringContaining(expected)]);
  });

  it('MO-10 never goes on with the trace of an origin that is not allowed', async () => {
    const app = await start({ trustTraceContext: () => true });
    const headers = { traceparent: TRACEPARENT };
    const work = connect(`${app.url}/traced`, { token: app.token(), origin: 'https://evil.example', headers });
    await expect(work).rejects.toThrow('403');
    expect(named('ws.handshake')[0]?.spanContext().traceId).not.toBe(TRACE_ID);
  });

  it('MO-10 MO-11 measures two applications of a process as one, with the labels of a closed list, until they close', async () => {
    const apps = [await start({ traces: false }), await start({ traces: false })];
    for (const app of apps) {
      const client = await connect(`${app.url}/traced`, { token: app.token() });
      await client.request('say', { text: 'one' });
      for (let i = 0; i < 5; i++) {
        client.send('parrot', { text: `made-up-${i}` });
        expect(await client.next()).toMatchObject({ event: `made-up-${i}` });
      }
      for (let i = 0; i < 50; i++) client.send(`made-up-${i}`);
      await until(() => app.events.ofType('ws.message.refused').length === 50, 'all of them were refused');
    }
    const received = await valuesOf('secure_ws.messages_received');
    expect(received).toContainEqual({ attributes: { event: 'say', result: 'handled' }, value: 2 });
    expect(received).toContainEqual({ attributes: { event: 'other', result: 'refused' }, value: 100 });
    const sent = await valuesOf('secure_ws.messages_sent');
    expect(JSON.stringify([received, sent])).not.toContain('made-up');
    const durations = await valuesOf('secure_ws.handler_duration');
    // What earlier tests have recorded stays with the meter.
    const said = durations.find(({ attributes }) => JSON.stringify(attributes) === '{"event":"say"}');
    const { count } = (said ?? { value: { count: 0 } }).value as { readonly count: number };
    expect(count).toBeGreaterThanOrEqual(2);
    expect(durations.length).toBeLessThanOrEqual(3);
    await apps[0]?.app.close();
    const handled = { attributes: { event: 'say', result: 'handled' }, value: 2 };
    expect(await valuesOf('secure_ws.messages_received')).toContainEqual(handled);
    await apps[1]?.app.close();
    // What has closed is not observed any more: only the next one counts.
    const next = await start({ traces: false });
    const client = await connect(`${next.url}/traced`, { token: next.token() });
    await client.request('say', { text: 'one' });
    const afterwards = await valuesOf('secure_ws.messages_received');
    expect(afterwards).toContainEqual({ attributes: { event: 'say', result: 'handled' }, value: 1 });
    expect(spans.getFinishedSpans().filter(({ name }) => name.startsWith('ws.'))).toEqual([]);
  });

  it.each<readonly [options: OpenTelemetryOptions, problem: string]>([
    [{ metrics: false, traces: false }, 'nothing is left'],
    [{ traces: false, trustTraceContext: () => true }, 'has no effect'],
    [{ metrics: false, sentEvents: ['tick'] }, 'has no effect'],
    [{ tracing: true } as never, 'is not an option'],
  ])('MO-10 refuses options that would do nothing: %o', (options, problem) => {
    expect(() => SecureWsOpenTelemetryModule.forRoot(options)).toThrow(problem);
  });
});
