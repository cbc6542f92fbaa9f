import { randomBytes } from 'node:crypto';
import { SecureWsMetrics, SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { describe, expect, it } from 'vitest';
import { METRIC_FAMILIES } from '../../packages/nestjs/src/metrics/measured/metric-families.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { promtool, PrometheusServer } from '../support/prometheus-server.js';
import { connect } from '../support/queueing-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const TOKEN = randomBytes(32).toString('hex');

const start = (platform: 'express' | 'fastify') =>
  startApp({
    platform,
    providers: [EchoGateway],
    imports: [SecureWsMetricsModule.forRoot({ endpoint: { token: TOKEN } })],
  });

/** Some of everything. */
async function traffic(app: RunningApp): Promise<void> {
  const client = await connect(`${app.url}/echo`, { token: app.token() });
  for (let i = 0; i < 5; i++) await client.request('echo', { text: 'hello' });
  expectError(await client.request('echo', { text: 7 }), 'VALIDATION_FAILED');
  expectError(await client.request('no-such-event'), 'FORBIDDEN');
}

describe('a real Prometheus', () => {
  it.each(['express', 'fastify'] as const)('MO-10 scrapes an application on %s', async (platform) => {
    const app = await start(platform);
    await traffic(app);
    const prometheus = await PrometheusServer.start(app.host, TOKEN);
    const [handled] = await prometheus.awaitQuery('secure_ws_messages_received_total{event="echo",result="handled"}');
    expect(handled?.value).toBe(5);
    expect(await prometheus.query('secure_ws_messages_refused_total > 0')).toMatchObject(
      [
        { metric: { reason: 'unknown-event' }, value: 1 },
        { metric: { reason: 'payload' }, value: 1 },
      ].sort((a, b) => a.metric.reason.localeCompare(b.metric.reason)),
    );
    expect(await prometheus.query('secure_ws_connections{state="open"}')).toMatchObject([{ value: 1 }]);
    const [p99] = await prometheus.query('histogram_quantile(0.99, secure_ws_handler_duration_seconds_bucket)');
    expect(p99?.value).toBeGreaterThan(0);
    expect(await prometheus.target()).toMatchObject({ health: 'up', lastError: '' });
  });

  it('OD-10 gets nothing without the token', async () => {
    const app = await start('express');
    const prometheus = await PrometheusServer.start(app.host, `${TOKEN.slice(0, -1)}x`);
    await prometheus.awaitQuery('up == 0');
    const { health, lastError } = await prometheus.target();
    expect(health).toBe('down');
    expect(lastError).toContain('401');
  });

  it('MO-10 finds nothing wrong with the names, types and texts of the metrics', async () => {
    const app = await start('express');
    await traffic(app);
    const text = await app.app.get(SecureWsMetrics).text();
    // Its only complaint would be one about a name: that every family is there is for the next line.
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: '' });
    const shown = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    expect(shown).toEqual(new Set(Object.values(METRIC_FAMILIES).map(({ name }) => name)));
    expect(promtool(['check', 'metrics'], 'badName_total 1\n').status).not.toBe(0);
  });
});
