import type { KeyObject } from 'node:crypto';
import type { CanActivate, Type } from '@nestjs/common';
import { readSecretKeys } from '../authentication/secret-keys.js';
import { BootProblems, SecureWsBootError } from '../core/boot-problems.js';
import { type Filled, OptionReader } from '../core/option-reader.js';
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

/** {@link MetricsEndpointOptions} with defaults filled. */
export interface ResolvedMetricsEndpoint {
  readonly path: string;
  /** Empty where only guards decide. */
  readonly tokens: readonly KeyObject[];
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
}

/** {@link MetricsOptions} with defaults filled. */
export type ResolvedMetricsOptions = Filled<Omit<MetricsOptions, 'endpoint'>, 'registry'> & {
  readonly endpoint: ResolvedMetricsEndpoint | undefined;
};

/** How many events may be listed: each of them is eight series at least. */
const MAX_SENT_EVENTS = 200;

/** @throws {SecureWsBootError} with everything that is wrong. */
export function resolveMetricsOptions(options: unknown): ResolvedMetricsOptions {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'metrics', problems);
  const registry = reader.checked('registry', isRegistry, 'must be a Registry of prom-client', 'new Registry()');
  const sentEvents = reader.strings('sentEvents') ?? [];
  if (sentEvents.length > MAX_SENT_EVENTS) {
    const problem = `lists ${sentEvents.length} events; ${MAX_SENT_EVENTS} may have series of their own.`;
    reader.fail('sentEvents', problem, "sentEvents: ['tick']");
  }
  const endpoint = reader.has('endpoint') ? readEndpoint(reader.object('endpoint')) : undefined;
  const resolved = reader.finish({ registry, sentEvents, endpoint });
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return resolved;
}

function readEndpoint(reader: OptionReader): ResolvedMetricsEndpoint {
  const path = reader.string('path') ?? 'metrics';
  const tokens = readSecretKeys(reader, 'token', 'METRICS_TOKEN') ?? [];
  if (tokens.some((token) => !/^[\x21-\x7e]+$/.test(token.export().toString('latin1')))) {
    reader.fail(
      'token',
      'has characters that no HTTP field can carry.',
      'process.env.METRICS_TOKEN // openssl rand -hex 32',
    );
  }
  const isGuards = (value: unknown): value is ResolvedMetricsEndpoint['guards'] =>
    Array.isArray(value) && value.every(isGuard);
  const guards = reader.checked('guards', isGuards, 'must be a list of guards', '[OperatorGuard]') ?? [];
  if ((!reader.has('token') || isEmpty(reader.raw('token'))) && guards.length === 0) {
    const problem = 'would show everybody what the application does: it needs a token, or guards.';
    const fix = 'endpoint: { token: process.env.METRICS_TOKEN } // openssl rand -hex 32';
    reader.problems.add(reader.path, problem, fix);
  }
  return reader.finish({ path, tokens, guards });
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
