import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, Type } from '@nestjs/common';
import { SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { connect } from '@secure-ws/nestjs/testing';
import type { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { METRIC_FAMILIES } from '../../packages/nestjs/src/metrics/measured/metric-families.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { testToken } from '../support/test-token.js';
import { around, boot, example } from './example.js';

const started = (...imports: readonly (Type | DynamicModule)[]) => {
  const root = around([EchoGateway]);
  return { ...root, imports: [...(root.imports ?? []), ...imports] };
};

const authorization = `Bearer ${process.env['METRICS_TOKEN']}`;

it('OD-10 MO-10 metrics/metrics.module.ts answers the scraper of the page, and nobody else', async () => {
  const { MetricsModule } = await example('metrics/metrics.module.ts', 'MetricsModule');
  const app = await boot(started(MetricsModule));
  await using client = await connect(app, { path: '/echo', as: testToken() });
  await client.request('echo', { text: 'tea' });
  const url = `${await app.getUrl()}/metrics`;
  expect((await fetch(url)).status).toBe(401);
  const text = await (await fetch(url, { headers: { authorization } })).text();
  expect(text).toContain('secure_ws_messages_received_total{event="echo",result="handled"} 1');
});

it('OD-10 metrics/metrics-by-config.module.ts takes the token from a provider', async () => {
  const { ConfiguredMetricsModule } = await example('metrics/metrics-by-config.module.ts', 'ConfiguredMetricsModule');
  const app = await boot(started(ConfiguredMetricsModule));
  const url = `${await app.getUrl()}/metrics`;
  expect((await fetch(url)).status).toBe(401);
  expect(await (await fetch(url, { headers: { authorization } })).text()).toContain('secure_ws_ready 1');
});

it('OD-10 metrics/own-route.ts serves them on a port for this machine alone', async () => {
  const { OperatorsPort } = await example('metrics/own-route.ts', 'OperatorsPort');
  const root = started();
  const app = await boot({
    ...root,
    imports: [...(root.imports ?? []), SecureWsMetricsModule.forRoot()],
    providers: [...(root.providers ?? []), OperatorsPort],
  });
  const { server } = app.get<{ server: { address(): AddressInfo } }>(OperatorsPort);
  const { address, port } = server.address();
  expect(address).toBe('127.0.0.1');
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toContain('secure_ws_ready 1');
  expect((await fetch(`${await app.getUrl()}/metrics`)).status).toBe(404);
});

it('MO-10 metrics/own-registry.ts puts them beside those of the process', async () => {
  const { registry, metrics } = await example('metrics/own-registry.ts', 'registry', 'metrics');
  await boot(started(metrics));
  const text = await (registry as Registry).metrics();
  expect(text).toContain('process_cpu_user_seconds_total');
  expect(text).toContain('secure_ws_messages_sent_total{event="tick",result="sent"} 0');
});

it('MO-10 the table of the page is that of the code', () => {
  const page = readFileSync(new URL('../../docs/guide/metrics.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(secure_ws_\w+)` +\| (\w+) +\| ([`\w ]*?) *\| (.+?) +\|$/gm)];
  expect(rows.map(([, name, type, labels, help]) => ({ name, type, labels, help }))).toEqual(
    Object.values(METRIC_FAMILIES).map(({ name, type, labels, help }) => ({
      ...{ name, type, help },
      labels: labels.map((label: string) => `\`${label}\``).join(' '),
    })),
  );
});

it('MO-10 metrics/tracing.module.ts boots beside the module', async () => {
  const { TracingModule } = await example('metrics/tracing.module.ts', 'TracingModule');
  const app = await boot(started(TracingModule));
  await using client = await connect(app, { path: '/echo', as: testToken() });
  expect(await client.request('echo', { text: 'tea' })).toMatchObject({ event: 'echo' });
});
