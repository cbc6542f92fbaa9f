import type { KeyObject } from 'node:crypto';
import type { CanActivate, DynamicModule, FactoryProvider, Type } from '@nestjs/common';
import { readSecretKeys } from '../authentication/secret-keys.js';
import { BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import { type Filled, NOT_SET, OptionReader } from '../core/option-reader.js';
import type { MetricsRegistry } from './prometheus-registration.js';

/** Where metrics are scraped, and who may. One of `token` and `guards` is needed (OWASP ASVS 5.0 13.4.5). */
export interface MetricsEndpointOptions {
  /** @default 'metrics' */
  readonly path?: string;
  /**
   * What a scraper sends as `Authorization: Bearer ...`, as it is written here: at least 32 characters, such as
   * `openssl rand -hex 32` gives. Of a list each one is good, so that it can be changed without a gap.
   */
  readonly token?: string | undefined | readonly (string | undefined)[];
  /** Guards of the application that decide who scrapes. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
}

/** What `SecureWsMetricsModule.forRoot()` takes. */
export interface MetricsOptions {
  /**
   * The application's own registry, such as `register` of `prom-client`. Several applications of a process may share one; what
   * they count is added up.
   *
   * @default one of the module's own: `SecureWsMetrics.registry`
   */
  readonly registry?: MetricsRegistry;
  /**
   * Events that the application sends by itself, with `connection.send()` or a broadcast, and that get a series of their own.
   * The events of handlers have one; everything else counts as `other`. At most 200.
   *
   * @default none
   */
  readonly sentEvents?: readonly string[];
  /**
   * Serves the metrics of the registry over HTTP.
   *
   * @default none: the application serves them as it likes
   */
  readonly endpoint?: MetricsEndpointOptions;
}

/** What `SecureWsMetricsModule.forRootAsync()` takes. */
export interface MetricsAsyncOptions {
  /** Modules whose exports the factory injects. */
  readonly imports?: DynamicModule['imports'];
  /** What `useFactory` is called with. */
  readonly inject?: FactoryProvider['inject'];
  /**
   * Makes the options, once and at boot. Its `endpoint` has the `token` only; without an `endpoint` the route answers `404`.
   */
  readonly useFactory: (...args: never[]) => MetricsOptions | Promise<MetricsOptions>;
  /**
   * The path of the route.
   *
   * @default 'metrics'
   */
  readonly path?: string;
  /**
   * Guards of the application that decide who scrapes.
   *
   * @default none
   */
  readonly guards?: MetricsEndpointOptions['guards'];
}

/** What Nest has to know of the route before there are providers. */
export interface MetricsRoute {
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
}

/** {@link MetricsEndpointOptions} with defaults filled. */
export interface ResolvedMetricsEndpoint extends MetricsRoute {
  /** Empty where only guards decide. */
  readonly tokens: readonly KeyObject[];
}

/** {@link MetricsOptions} with defaults filled. */
export type ResolvedMetricsOptions = Filled<Omit<MetricsOptions, 'endpoint'>, 'registry'> & {
  readonly endpoint: ResolvedMetricsEndpoint | undefined;
};

/** How many events may be listed: each of them is eight series at least. */
const MAX_SENT_EVENTS = 200;

/** @throws {SecureWsBootError} with everything that is wrong. */
export function resolveMetricsOptions(options: unknown): ResolvedMetricsOptions {
  return resolve(options, undefined);
}

/**
 * What `useFactory` made, for the route that was named beside it.
 *
 * @throws {SecureWsBootError} with everything that is wrong.
 */
export function resolveAsyncMetricsOptions(options: unknown, route: MetricsRoute): ResolvedMetricsOptions {
  // A factory that forgot its `return`.
  return resolve(options === undefined ? null : options, route);
}

/**
 * What stands beside `useFactory`.
 *
 * @throws {SecureWsBootError} with everything that is wrong.
 */
export function resolveMetricsRoute(options: unknown): MetricsRoute {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'SecureWsMetricsModule.forRootAsync()', problems);
  for (const name of ['imports', 'inject']) reader.checked(name, Array.isArray, 'must be a list', '[]');
  const isFunction = (value: unknown): value is () => unknown => typeof value === 'function';
  const example = "(config: ConfigService) => ({ endpoint: { token: config.getOrThrow('METRICS_TOKEN') } })";
  if (
    reader.checked('useFactory', isFunction, 'must be a function', example) === undefined &&
    !reader.has('useFactory')
  ) {
    reader.fail('useFactory', 'is missing.', example);
  }
  const route = reader.finish({ path: reader.string('path') ?? 'metrics', guards: readGuards(reader) });
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return route;
}

function resolve(options: unknown, route: MetricsRoute | undefined): ResolvedMetricsOptions {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'metrics', problems);
  const registry = reader.checked('registry', isRegistry, 'must be a Registry of prom-client', 'new Registry()');
  const sentEvents = reader.strings('sentEvents') ?? [];
  if (sentEvents.length > MAX_SENT_EVENTS) {
    const problem = `lists ${sentEvents.length} events; ${MAX_SENT_EVENTS} may have series of their own.`;
    reader.fail('sentEvents', problem, "sentEvents: ['tick']");
  }
  const endpoint = reader.has('endpoint') ? readEndpoint(reader.object('endpoint'), route) : undefined;
  const resolved = reader.finish({ registry, sentEvents, endpoint });
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return resolved;
}

function readEndpoint(reader: OptionReader, route: MetricsRoute | undefined): ResolvedMetricsEndpoint {
  if (route !== undefined) {
    for (const name of ['path', 'guards'].filter((each) => reader.has(each))) {
      const problem = 'is needed before useFactory is called.';
      reader.fail(name, problem, `SecureWsMetricsModule.forRootAsync({ ${name}: ..., useFactory: ... })`);
    }
  }
  const path = reader.string('path') ?? route?.path ?? 'metrics';
  const tokens = readSecretKeys(reader, 'token', 'METRICS_TOKEN') ?? [];
  if (tokens.some((token) => !/^[\x21-\x7e]+$/.test(token.export().toString('latin1')))) {
    reader.fail(
      'token',
      'has characters that no HTTP field can carry.',
      'process.env.METRICS_TOKEN // openssl rand -hex 32',
    );
  }
  const guards = route?.guards ?? readGuards(reader);
  if (reader.isWritten('token') && !reader.has('token')) {
    // Guards alone would let in more than was written: both must let the scraper in.
    reader.refuse('token', NOT_SET, 'process.env.METRICS_TOKEN // openssl rand -hex 32');
  } else if ((!reader.has('token') || isEmpty(reader.raw('token'))) && guards.length === 0) {
    const problem = 'would show everybody what the application does: it needs a token, or guards.';
    const fix = 'endpoint: { token: process.env.METRICS_TOKEN } // openssl rand -hex 32';
    reader.problems.add(reader.path, problem, fix);
  }
  return reader.finish({ path, tokens, guards });
}

function readGuards(reader: OptionReader): MetricsRoute['guards'] {
  const isGuards = (value: unknown): value is MetricsRoute['guards'] => Array.isArray(value) && value.every(isGuard);
  return reader.checked('guards', isGuards, 'must be a list of guards', '[OperatorGuard]') ?? [];
}

function isRegistry(value: unknown): value is MetricsRegistry {
  return typeof (value as Partial<MetricsRegistry> | null | undefined)?.registerMetric === 'function';
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isGuard(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof (value as Partial<CanActivate> | null)?.canActivate === 'function';
}
