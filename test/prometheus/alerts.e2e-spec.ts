import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HANDSHAKE_REASONS, MESSAGE_REASONS } from '../../packages/nestjs/src/events/event-reasons.js';
import { METRIC_FAMILIES } from '../../packages/nestjs/src/metrics/measured/metric-families.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { promtool, PrometheusServer } from '../support/prometheus-server.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const RULES = fileOf('packages/nestjs/monitoring/alerts.yml');
const RUNBOOK = fileOf('docs/guide/runbook');
const rules = readFileSync(RULES, 'utf8');
const dashboard = JSON.parse(readFileSync(fileOf('packages/nestjs/monitoring/grafana-dashboard.json'), 'utf8')) as {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
};
const alerts = [...rules.matchAll(/- alert: (\w+)\n {8}expr: (.*)\n[\s\S]*?runbook_url: \S+\/(\S+)\n/g)].map(
  ([, name = '', expression = '', page = '']) => ({ name, expression: expression.replace(/^'|'$|^"|"$/g, ''), page }),
);

/** Every series of the table, with what a histogram consists of. */
const SERIES = new Set(
  Object.values(METRIC_FAMILIES).flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

const namesIn = (expression: string): string[] => expression.match(/\bsecure_ws_\w+/g) ?? [];

/** A minute of this many samples, each a minute after the one before. */
const INPUTS: Readonly<Record<string, readonly [series: string, values: string][]>> = {
  SecureWsNotReady: [['secure_ws_ready', '0x20']],
  SecureWsAuthenticationFailures: [
    ['secure_ws_handshakes_total{result="refused",reason="unauthenticated"}', '0+120x20'],
  ],
  SecureWsForeignOrigins: [['secure_ws_handshakes_total{result="refused",reason="origin-not-allowed"}', '0+120x20']],
  SecureWsForbiddenMessages: [['secure_ws_messages_refused_total{reason="policy"}', '0+120x20']],
  SecureWsViolations: [['secure_ws_violations_exceeded_total{charged_to="principal",mode="exceeded"}', '0+20x20']],
  SecureWsHandlersFail: [
    ['secure_ws_messages_refused_total{reason="handler-failed"}', '0+10x20'],
    ['secure_ws_messages_received_total{event="echo",result="handled"}', '0+100x20'],
  ],
  SecureWsPoliciesFail: [['secure_ws_messages_refused_total{reason="policy-failed"}', '0+20x20']],
  SecureWsSlowHandlers: [
    ['secure_ws_handler_duration_seconds_bucket{event="echo",le="1"}', '0+10x20'],
    ['secure_ws_handler_duration_seconds_bucket{event="echo",le="5"}', '0+20x20'],
    ['secure_ws_handler_duration_seconds_bucket{event="echo",le="+Inf"}', '0+20x20'],
  ],
  SecureWsStoreAway: [['secure_ws_store_up', '0x20']],
  SecureWsAuditLost: [['secure_ws_audit_events_lost_total{sink="File",cause="queue_full"}', '0+1x20']],
  SecureWsShedding: [['secure_ws_shedding', '1x20']],
  SecureWsUnderAttack: [['secure_ws_under_attack', '1x20']],
  SecureWsSlowClients: [['secure_ws_send_buffer_bytes', '100000000x20']],
  SecureWsHeartbeatsLost: [['secure_ws_heartbeats_lost_total', '0+120x20']],
};

/** The same series on a quiet day: what goes up stays where it is, and what is up stays up. */
const quiet = (series: string): string =>
  /_ready|store_up/.test(series) ? '1x20' : series.includes('_received_') ? '0+100x20' : '0x20';

function unitTest(name: string, isQuiet: boolean): object {
  const [series = []] = [INPUTS[name]];
  return {
    interval: '1m',
    input_series: series.map(([each, values]) => ({ series: each, values: isQuiet ? quiet(each) : values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${name}",alertstate="firing"}) or vector(0)`,
        eval_time: '18m',
        exp_samples: [{ labels: '{}', value: isQuiet ? 0 : 1 }],
      },
    ],
  };
}

describe('the alert rules', () => {
  it('MO-10 are rules that promtool takes, each with a page of the runbook that shows it', () => {
    expect(promtool(['check', 'rules', '--lint-fatal', RULES]).status).toBe(0);
    expect(alerts).toHaveLength(rules.match(/- alert:/g)?.length ?? -1);
    const pages = readdirSync(RUNBOOK)
      .filter((page) => page !== 'README.md' && page !== 'rules.md')
      .sort();
    expect(alerts.map(({ page }) => page).sort()).toEqual(pages);
    for (const { name, expression, page } of alerts) {
      const text = readFileSync(join(RUNBOOK, page), 'utf8');
      expect(text.startsWith(`# ${name}\n`)).toBe(true);
      expect(text).toContain(`\n${expression}\n`);
      for (const part of ['What it means', 'What to look at', 'What to do']) expect(text).toContain(`\n## ${part}\n`);
    }
  });

  it('MO-10 are about metrics and reasons that there are', () => {
    const words = new Set<string>([...Object.keys(HANDSHAKE_REASONS), ...Object.keys(MESSAGE_REASONS)]);
    for (const { name, expression } of alerts) {
      expect({ name, unknown: namesIn(expression).filter((series) => !SERIES.has(series)) }).toEqual({
        name,
        unknown: [],
      });
      const reasons = [...expression.matchAll(/reason=~?"([^"]+)"/g)].flatMap(([, list = '']) => list.split('|'));
      expect({ name, unknown: reasons.filter((reason) => !words.has(reason)) }).toEqual({ name, unknown: [] });
    }
  });

  it.each(alerts)('MO-10 $name fires when it should, and not on a quiet day', ({ name }) => {
    const folder = mkdtempSync(join(tmpdir(), 'secure-ws-rules-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'test.yml');
    const tests = [unitTest(name, false), unitTest(name, true)];
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
    const { status, output } = promtool(['test', 'rules', file]);
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  it('MO-10 one fires in a real Prometheus that scrapes an application under attack', async () => {
    const token = randomBytes(32).toString('hex');
    const imports = [SecureWsMetricsModule.forRoot({ endpoint: { token } })];
    const app = await startApp({ providers: [EchoGateway], imports });
    // As shipped, but for the time that it must hold: minutes of attack are no test.
    const impatient = rules
      .replaceAll(/ {8}for: \S+\n/g, '')
      .replaceAll('[5m]', '[20s]')
      .replaceAll('[10m]', '[20s]');
    const prometheus = await PrometheusServer.start(app.host, token, impatient);
    await prometheus.awaitQuery('secure_ws_ready == 1');
    expect(await prometheus.query('ALERTS')).toEqual([]);
    let isOver = false;
    const attack = (async () => {
      while (!isOver) await connect(`${app.url}/echo`, { token: 'forged' }).catch(() => undefined);
    })();
    try {
      const firing = 'ALERTS{alertname="SecureWsAuthenticationFailures",alertstate="firing"}';
      expect(await prometheus.awaitQuery(firing)).toMatchObject([{ metric: { severity: 'warning' }, value: 1 }]);
    } finally {
      isOver = true;
      await attack;
    }
  });
});

describe('the dashboard', () => {
  it('MO-10 shows metrics that there are, in panels that Grafana can tell apart', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.length).toBeGreaterThan(10);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const names = namesIn(expr.replace(/__name__=~"[^"]*"/, ''));
        expect({ title, unknown: names.filter((series) => !SERIES.has(series)) }).toEqual({ title, unknown: [] });
      }
    }
  });
});
