import { randomBytes } from 'node:crypto';
import {
  type CanActivate,
  type INestApplication,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  VersioningType,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SecureWsModule, SecurityEventSink } from '@secure-ws/nestjs';
import {
  type MetricsAsyncOptions,
  type MetricsOptions,
  SecureWsMetrics,
  SecureWsMetricsModule,
} from '@secure-ws/nestjs/metrics';
import { Counter, Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { METRIC_FAMILIES } from '../../packages/nestjs/src/metrics/measured/metric-families.js';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { APP_ORIGIN, type AppShape, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const start = (options: MetricsOptions, shape: AppShape = {}): Promise<RunningApp> =>
  startApp({ providers: [EchoGateway], imports: [SecureWsMetricsModule.forRoot(options)], ...shape });

const textOf = ({ app }: RunningApp): Promise<string> => app.get(SecureWsMetrics).text();

/** The value of one series; `undefined` where there is none. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('SecureWsMetricsModule', () => {
  it('MO-10 measures connections, handshakes, messages, refusals, times, buffers, heartbeats, limiters and the audit', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ sentEvents: ['tick'] }, { clock });
    const url = `${app.url}/echo`;
    const client = await connect(url, { token: app.token() });
    await client.request('echo', { text: 'one' });
    expectError(await client.request('echo', {}), 'VALIDATION_FAILED');
    await expect(connect(url, { token: 'forged' })).rejects.toThrow('401');
    // No pong arrives meanwhile.
    clock.advance(60_000);
    const { events } = app;
    await until(() => events.events.some(({ type }) => type === 'ws.connection.closed'), 'the connection is gone');

    const text = await textOf(app);
    const values = Object.fromEntries(
      [
        'secure_ws_ready',
        'secure_ws_connections{state="pending"}',
        'secure_ws_handshakes_total{result="admitted",reason="none"}',
        'secure_ws_handshakes_total{result="refused",reason="unauthenticated"}',
        'secure_ws_handshakes_total{result="refused",reason="origin-not-allowed"}',
        'secure_ws_handshake_duration_seconds_count{result="admitted"}',
        'secure_ws_messages_received_total{event="echo",result="handled"}',
        'secure_ws_messages_received_total{event="echo",result="refused"}',
        'secure_ws_messages_sent_total{event="echo",result="sent"}',
        'secure_ws_messages_sent_total{event="error",result="sent"}',
        'secure_ws_messages_sent_total{event="tick",result="sent"}',
        'secure_ws_messages_refused_total{reason="payload"}',
        'secure_ws_messages_refused_total{reason="json-syntax"}',
        'secure_ws_handler_duration_seconds_count{event="echo"}',
        'secure_ws_handler_duration_seconds_bucket{event="echo",le="+Inf"}',
        'secure_ws_message_wait_duration_seconds_count',
        'secure_ws_heartbeats_lost_total',
        'secure_ws_limiter_keys',
        'secure_ws_queued_bytes',
        'secure_ws_send_buffer_bytes',
        'secure_ws_shedding',
        'secure_ws_under_attack',
        'secure_ws_audit_sink_up{sink="RecordingSink"}',
        'secure_ws_audit_events_lost_total{sink="RecordingSink",cause="queue_full"}',
        'secure_ws_security_events_total{type="ws.connection.opened"}',
        'secure_ws_store_up',
      ].map((series) => [series, valueOf(text, series)]),
    );
    expect(values).toMatchInlineSnapshot(`
      {
        "secure_ws_audit_events_lost_total{sink="RecordingSink",cause="queue_full"}": 0,
        "secure_ws_audit_sink_up{sink="RecordingSink"}": 1,
        "secure_ws_connections{state="pending"}": 0,
        "secure_ws_handler_duration_seconds_bucket{event="echo",le="+Inf"}": 1,
        "secure_ws_handler_duration_seconds_count{event="echo"}": 1,
        "secure_ws_handshake_duration_seconds_count{result="admitted"}": 1,
        "secure_ws_handshakes_total{result="admitted",reason="none"}": 1,
        "secure_ws_handshakes_total{result="refused",reason="origin-not-allowed"}": 0,
        "secure_ws_handshakes_total{result="refused",reason="unauthenticated"}": 1,
        "secure_ws_heartbeats_lost_total": 1,
        "secure_ws_limiter_keys": 1,
        "secure_ws_message_wait_duration_seconds_count": 2,
        "secure_ws_messages_received_total{event="echo",result="handled"}": 1,
        "secure_ws_messages_received_total{event="echo",result="refused"}": 1,
        "secure_ws_messages_refused_total{reason="json-syntax"}": 0,
        "secure_ws_messages_refused_total{reason="payload"}": 1,
        "secure_ws_messages_sent_total{event="echo",result="sent"}": 1,
        "secure_ws_messages_sent_total{event="error",result="sent"}": 1,
        "secure_ws_messages_sent_total{event="tick",result="sent"}": 0,
        "secure_ws_queued_bytes": 0,
        "secure_ws_ready": 1,
        "secure_ws_security_events_total{type="ws.connection.opened"}": 1,
        "secure_ws_send_buffer_bytes": 0,
        "secure_ws_shedding": 0,
        "secure_ws_store_up": undefined,
        "secure_ws_under_attack": 0,
      }
    `);
  });

  it('MO-10 begins at 0 with every reason that there may be, so that the first one is a rise', async () => {
    const app = await start({});
    const text = await textOf(app);
    for (const series of [
      'secure_ws_connections_closed_total{reason="SLOW_CONSUMER"}',
      'secure_ws_connections_closed_total{reason="network"}',
      'secure_ws_handshakes_reported_total{reason="address-rate"}',
      'secure_ws_messages_reported_total{reason="policy"}',
      'secure_ws_messages_reported_total{reason="connection-throttle"}',
    ]) {
      expect([series, valueOf(text, series)]).toEqual([series, 0]);
    }
    // What never only reports has no series that would always be 0.
    expect(text).not.toContain('secure_ws_handshakes_reported_total{reason="bad-key"}');
    expect(text).not.toContain('secure_ws_messages_reported_total{reason="json-syntax"}');
  });

  it('MO-10 measures what there is at each scrape, and not what there was at the first', async () => {
    const app = await start({});
    const open = async (): Promise<number | undefined> =>
      valueOf(await textOf(app), 'secure_ws_connections{state="open"}');
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await open()).toBe(1);
    await connect(`${app.url}/echo`, { token: app.token() });
    expect(await open()).toBe(2);
    void client.close();
    await until(() => app.events.events.some(({ type }) => type === 'ws.connection.closed'), 'it has gone');
    expect(await open()).toBe(1);
  });

  it('MO-10 takes away no metric that came after the application had cleared its registry', async () => {
    const registry = new Registry();
    const app = await start({ registry });
    registry.clear();
    const later = new Counter({ name: 'secure_ws_handshakes_total', help: 'Of somebody else.', registers: [registry] });
    await app.app.close();
    expect(registry.getMetricsAsArray()).toEqual([later]);
  });

  it('MO-10 measures a shared store where there is one, and whether it answers', async () => {
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const app = await start({}, { options: { store: { shared: remote.store } } });
    await connect(`${app.url}/echo`, { token: app.token() });
    let text = await textOf(app);
    expect(valueOf(text, 'secure_ws_store_up')).toBe(1);
    expect(valueOf(text, 'secure_ws_store_call_duration_seconds_count{result="answered"}')).toBeGreaterThan(0);
    remote.isAway = true;
    for (let i = 0; i < 3; i++) await connect(`${app.url}/echo`, { token: app.token() }).catch(() => undefined);
    text = await textOf(app);
    expect(valueOf(text, 'secure_ws_store_up')).toBe(0);
    expect(valueOf(text, 'secure_ws_store_call_duration_seconds_count{result="failed"}')).toBeGreaterThan(0);
  });

  it('MO-10 keeps two applications of a process apart, and adds them up in one registry', async () => {
    const apart = [await start({}), await start({})] as const;
    const registry = new Registry();
    const shared = [await start({ registry }), await start({ registry })] as const;
    for (const app of [apart[0], ...shared]) {
      const client = await connect(`${app.url}/echo`, { token: app.token() });
      await client.request('echo', { text: 'one' });
    }
    const handled = 'secure_ws_messages_received_total{event="echo",result="handled"}';
    const counted = 'secure_ws_handler_duration_seconds_count{event="echo"}';
    expect(valueOf(await textOf(apart[0]), handled)).toBe(1);
    expect(valueOf(await textOf(apart[1]), handled)).toBe(0);
    const text = await registry.metrics();
    expect([valueOf(text, handled), valueOf(text, counted), valueOf(text, 'secure_ws_ready')]).toEqual([2, 2, 1]);
    expect(text.split('\n').filter((line) => line.startsWith(`${handled} `))).toHaveLength(1);

    // A counter that fell would be a reset to Prometheus, which adds all that the other application has ever counted.
    const grown = (exposition: string) =>
      exposition.split('\n').filter((line) => /^secure_ws_\w+(?:_total|_bucket|_sum|_count)[{ ]/.test(line));
    const valuesOf = async () =>
      new Map(grown(await registry.metrics()).map((line) => line.split(/ (?=\S+$)/) as [string, string]));
    const before = await valuesOf();
    await shared[0].app.close();
    const after = await valuesOf();
    expect([...after.keys()]).toEqual([...before.keys()]);
    const fallen = [...before].filter(([series, value]) => Number(after.get(series)) < Number(value));
    expect(fallen).toEqual([]);
    expect(valueOf(await registry.metrics(), 'secure_ws_connections{state="open"}')).toBe(1);
    await shared[1].app.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
    expect(await registry.metrics()).not.toContain('secure_ws');
  });

  it('MO-10 lives beside the metrics of the application, in OpenMetrics too, and leaves with its own', async () => {
    const registry = new Registry();
    const orders = new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] });
    orders.inc();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const app = await start({ registry });
    for (let scrape = 0; scrape < 2; scrape++) {
      const text = await textOf(app);
      expect(text).toContain('# TYPE secure_ws_handshakes counter\nsecure_ws_handshakes_total{');
      expect(text).toContain('orders_total 1');
      expect(text).not.toContain('_total_total');
      expect(text.endsWith('# EOF\n')).toBe(true);
    }
    registry.resetMetrics();
    expect(valueOf(await textOf(app), 'secure_ws_ready')).toBe(1);
    await app.app.close();
    expect(registry.getMetricsAsArray()).toEqual([orders]);
  });

  it.each<readonly [what: string, broken: () => AppShape]>([
    [
      'a hook of the application',
      () => {
        @Injectable()
        class Fails implements OnApplicationBootstrap {
          onApplicationBootstrap(): void {
            throw new Error('no database');
          }
        }
        @Module({ providers: [Fails] })
        class FailingModule {}
        return { imports: [FailingModule] };
      },
    ],
    [
      'a sink',
      () => {
        class ClosedSink extends SecurityEventSink {
          override open(): void {
            throw new Error('no disk');
          }

          write(): void {}
        }
        return { options: { events: { sinks: [new ClosedSink()] } } };
      },
    ],
  ])('MO-10 leaves nothing in a registry of the application where the boot fails for %s', async (_what, broken) => {
    const registry = new Registry();
    const metrics = [SecureWsMetricsModule.forRoot({ registry })];
    const { imports = [], options } = broken();
    const module = SecureWsModule.forRoot({
      handshake: { origins: [APP_ORIGIN] },
      authentication: { jwt: TEST_JWT },
      ...options,
    });
    const building = Test.createTestingModule({ imports: [module, ...metrics, ...imports], providers: [EchoGateway] });
    const failing = (await building.compile()).createNestApplication({ logger: false });
    onTestFinished(() => failing.close());
    await expect(failing.init()).rejects.toThrow('no d');
    expect(registry.getMetricsAsArray()).toEqual([]);
    const app = await startApp({ providers: [EchoGateway], imports: metrics });
    expect(valueOf(await registry.metrics(), 'secure_ws_ready')).toBe(1);
    await app[Symbol.asyncDispose]();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('OD-10 refuses a registry that has other metrics of the same names, and to count twice', async () => {
    const registry = new Registry();
    new Counter({ name: 'secure_ws_handshakes_total', help: 'Of somebody else.', registers: [registry] });
    const shape = { providers: [EchoGateway], imports: [SecureWsMetricsModule.forRoot({ registry })] };
    const [taken] = await bootProblems(shape);
    expect(taken?.problem).toContain('secure_ws_handshakes_total');
    const own = new Registry();
    const twice = [
      SecureWsMetricsModule.forRoot({ registry: own }),
      SecureWsMetricsModule.forRoot({ registry: own, sentEvents: ['x'] }),
    ];
    const [problem] = await bootProblems({ providers: [EchoGateway], imports: twice });
    expect(problem?.problem).toContain('counted twice');
  });

  it('MO-10 says that it measures nothing by itself', async () => {
    const building = Test.createTestingModule({ imports: [SecureWsMetricsModule.forRoot()] }).compile();
    await expect(building).rejects.toThrow('measures SecureWsModule, which is not imported');
  });

  it('OD-10 does not boot as a bare class, which would measure nothing', async () => {
    const [problem] = await bootProblems({ providers: [EchoGateway], imports: [SecureWsMetricsModule] });
    expect(problem).toEqual({
      where: 'imports: [SecureWsMetricsModule]',
      problem: 'measures nothing: it has no options.',
      fix: 'imports: [SecureWsMetricsModule.forRoot({ endpoint: { token: process.env.METRICS_TOKEN } })]',
    });
  });
});

const TOKEN = randomBytes(32).toString('base64url');

@Injectable()
class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

describe('the endpoint of the metrics', () => {
  it.each(['express', 'fastify'] as const)(
    'OD-10 answers whoever has the token, and nobody else, on %s',
    async (platform) => {
      const app = await start({ endpoint: { token: [TOKEN, `${TOKEN}-old`] } }, { platform });
      const get = (headers: Record<string, string> = {}, init: RequestInit = {}) =>
        fetch(`${app.httpUrl}/metrics`, { headers, ...init });
      for (const authorization of [
        undefined,
        '',
        'Bearer',
        'Bearer ',
        `Bearer ${TOKEN}x`,
        `Basic ${TOKEN}`,
        TOKEN,
        `Bearer ${TOKEN} ${TOKEN}`,
      ]) {
        const response = await get(authorization === undefined ? {} : { authorization });
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        expect(await response.text()).not.toContain('secure_ws');
      }
      expect((await get({}, { method: 'HEAD' })).status).toBe(401);
      expect((await fetch(`${app.httpUrl}/metrics?token=${TOKEN}`)).status).toBe(401);
      for (const token of [TOKEN, `${TOKEN}-old`]) {
        const response = await get({ authorization: `Bearer ${token}` });
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(await response.text()).toContain('# TYPE secure_ws_connections gauge');
      }
    },
  );

  it.each([VersioningType.URI, VersioningType.HEADER, VersioningType.MEDIA_TYPE] as const)(
    'OD-10 has one address, whichever version the API of the application has (%s)',
    async (type) => {
      const configure = (app: INestApplication): void => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type, header: 'X-Version', key: 'v=', defaultVersion: '1' });
      };
      const app = await start({ endpoint: { token: TOKEN } }, { configure });
      const answer = await fetch(`${app.httpUrl}/api/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
      expect(answer.status).toBe(200);
    },
  );

  it.each(['express', 'fastify'] as const)(
    'MO-02 tells of wrong tokens with their address, an alert counts them, on %s',
    async (platform) => {
      const trustedProxies = { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } as const;
      const options = { alerts: {}, handshake: { trustedProxies } };
      const app = await start({ endpoint: { token: TOKEN } }, { platform, options });
      const ask = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`${app.httpUrl}/metrics`, { headers: { 'x-forwarded-for': '203.0.113.7', ...headers } })).status;
      expect(await ask({ authorization: `Bearer ${TOKEN}` })).toBe(200);
      expect(app.events.ofType('ws.metrics.refused')).toEqual([]);
      expect(await ask({})).toBe(401);
      for (let guess = 0; guess < 10; guess++) expect(await ask({ authorization: `Bearer guess-${guess}` })).toBe(401);
      const of = { address: '203.0.113.7', owasp: 'authn_login_fail' };
      expect(app.events.ofType('ws.metrics.refused')).toMatchObject([
        { failure: 'missing', ...of },
        ...Array.from({ length: 10 }, () => ({ failure: 'bad-secret', ...of })),
      ]);
      expect(app.events.ofType('ws.alert.raised')).toMatchObject([{ rule: 'failed-logins-by-address' }]);
      expect(JSON.stringify(app.events.events)).not.toContain('guess-');
    },
  );

  it('OD-10 is not there unless it is asked for', async () => {
    const app = await start({});
    expect((await fetch(`${app.httpUrl}/metrics`)).status).toBe(404);
  });

  it('OD-10 asks the guards of the application, and beside a token both', async () => {
    const guarded = await start({ endpoint: { path: 'internal/metrics', guards: [Nobody] } });
    expect((await fetch(`${guarded.httpUrl}/internal/metrics`)).status).toBe(403);
    const both = await start({ endpoint: { token: TOKEN, guards: [new Nobody()] } });
    expect((await fetch(`${both.httpUrl}/metrics`)).status).toBe(401);
    expect((await fetch(`${both.httpUrl}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(
      403,
    );
  });

  it.each<readonly [what: string, endpoint: unknown, problem: string]>([
    ['no guard', {}, 'would show everybody'],
    ['a variable that is not set', { token: undefined }, 'the variable is not set'],
    ['a variable that is not set beside guards', { token: undefined, guards: [Nobody] }, 'the variable is not set'],
    ['an empty list of guards', { guards: [] }, 'would show everybody'],
    ['what is not a guard', { guards: ['AuthGuard'] }, 'must be a list of guards'],
    ['a short token', { token: 'secret' }, 'is too short: it has 6 bytes, and it needs at least 32'],
    ['an empty path', { token: TOKEN, path: '' }, 'must be a path of letters, digits and . _ ~ -; it is a string'],
    ['an empty list of tokens', { token: [] }, 'would show everybody'],
    ['a token with a line break', { token: `${TOKEN}\nx` }, 'no HTTP field can carry'],
    ['a misspelt option', { token: TOKEN, guard: Nobody }, 'is not an option'],
    ['true', true, 'must be an object'],
  ])('OD-10 does not open with %s', (_what, endpoint, problem) => {
    expect(() => SecureWsMetricsModule.forRoot({ endpoint } as MetricsOptions)).toThrow(problem);
  });
});

describe('SecureWsMetricsModule.forRootAsync()', () => {
  class Config {
    readonly token = TOKEN;
  }

  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}

  const startAsync = (
    makeOptions: (config: Config) => MetricsOptions | Promise<MetricsOptions>,
    more: Partial<MetricsAsyncOptions> = {},
    shape: AppShape = {},
  ): Promise<RunningApp> => {
    const metrics = SecureWsMetricsModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: makeOptions,
      ...more,
    });
    return startApp({ providers: [EchoGateway], imports: [metrics], ...shape });
  };
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it.each(['express', 'fastify'] as const)('OD-10 takes the token from a provider, on %s', async (platform) => {
    const app = await startAsync(
      async ({ token }) => await Promise.resolve({ endpoint: { token } }),
      { path: 'internal/metrics' },
      { platform },
    );
    const url = `${app.httpUrl}/internal/metrics`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, bearer(`${TOKEN}x`))).status).toBe(401);
    expect(await (await fetch(url, bearer(TOKEN))).text()).toContain('# TYPE secure_ws_connections gauge');
    expect((await fetch(`${app.httpUrl}/metrics`, bearer(TOKEN))).status).toBe(404);
  });

  it('OD-10 asks the guards beside the factory, and has no route where the factory names no endpoint', async () => {
    const guarded = await startAsync(({ token }) => ({ endpoint: { token } }), { guards: [Nobody] });
    expect((await fetch(`${guarded.httpUrl}/metrics`)).status).toBe(401);
    expect((await fetch(`${guarded.httpUrl}/metrics`, bearer(TOKEN))).status).toBe(403);
    const without = await startAsync(() => ({}));
    const answer = await fetch(`${without.httpUrl}/metrics`, bearer(TOKEN));
    const missing = await fetch(`${without.httpUrl}/metricz`, bearer(TOKEN));
    expect([answer.status, (await answer.text()).replace('metrics', 'metricz')]).toEqual([404, await missing.text()]);
  });

  it.each<readonly [what: string, options: MetricsOptions, problem: string]>([
    ['no guard', { endpoint: {} }, 'would show everybody'],
    ['a path of the factory', { endpoint: { token: TOKEN, path: 'x' } }, 'is needed before useFactory is called'],
    ['guards of the factory', { endpoint: { token: TOKEN, guards: [Nobody] } }, 'is needed before useFactory'],
    ['a short token', { endpoint: { token: 'secret' } }, 'is too short'],
    ['a misspelt option', { endpoints: {} } as MetricsOptions, 'is not an option'],
    ['nothing at all', undefined as unknown as MetricsOptions, 'must be an object'],
  ])('OD-10 does not boot with %s', async (_what, options, problem) => {
    await expect(startAsync(() => options)).rejects.toThrow(problem);
  });

  it.each<readonly [what: string, options: object, problem: string]>([
    ['no factory', {}, 'is missing'],
    ['a factory that is none', { useFactory: 'config' }, 'must be a function'],
    ['useClass', { useFactory: () => ({}), useClass: Config }, 'is not an option'],
    ['the options themselves', { endpoint: { token: TOKEN } }, 'is not an option'],
    ['what is not a guard', { useFactory: () => ({}), guards: ['AuthGuard'] }, 'must be a list of guards'],
  ])('OD-10 does not take %s', (_what, options, problem) => {
    expect(() => SecureWsMetricsModule.forRootAsync(options as MetricsAsyncOptions)).toThrow(problem);
  });
});

describe('the names of the metrics', () => {
  it.each(Object.values(METRIC_FAMILIES))(
    'MO-10 $name is named as Prometheus wants it',
    ({ name, type, help, labels }) => {
      expect(name).toMatch(/^secure_ws_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(help).toMatch(/\.$/);
      expect(labels.every((label: string) => /^[a-z_]+$/.test(label))).toBe(true);
    },
  );
});
