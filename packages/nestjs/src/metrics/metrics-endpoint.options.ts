import type { KeyObject } from 'node:crypto';
import type { CanActivate, Type } from '@nestjs/common';
import { readSecretKeys } from '../authentication/secret-keys.js';
import { NOT_SET, type OptionReader } from '../core/option-reader.js';
import { readRoute } from '../core/read-route.js';

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

/** Reads `endpoint`. @param route what stands beside `useFactory`, where there is one. */
export function readMetricsEndpoint(reader: OptionReader, route: MetricsRoute | undefined): ResolvedMetricsEndpoint {
  if (route !== undefined) {
    for (const name of ['path', 'guards'].filter((each) => reader.has(each))) {
      const problem = 'is needed before useFactory is called.';
      reader.fail(name, problem, `SecureWsMetricsModule.forRootAsync({ ${name}: ..., useFactory: ... })`);
    }
  }
  const path = readRoute(reader, route?.path ?? 'metrics');
  const tokens = readSecretKeys(reader, 'token', 'METRICS_TOKEN') ?? [];
  if (tokens.some((token) => !/^[\x21-\x7e]+$/.test(token.export().toString('latin1')))) {
    reader.fail(
      'token',
      'has characters that no HTTP field can carry.',
      'process.env.METRICS_TOKEN // openssl rand -hex 32',
    );
  }
  const guards = route?.guards ?? readMetricsGuards(reader);
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

/** Reads `guards`. */
export function readMetricsGuards(reader: OptionReader): MetricsRoute['guards'] {
  const isGuards = (value: unknown): value is MetricsRoute['guards'] => Array.isArray(value) && value.every(isGuard);
  return reader.checked('guards', isGuards, 'must be a list of guards', '[OperatorGuard]') ?? [];
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isGuard(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof (value as Partial<CanActivate> | null)?.canActivate === 'function';
}
