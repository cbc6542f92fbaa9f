import { createRequire } from 'node:module';
import { SecureWsBootError } from '../core/boot-problems.js';
import { PACKAGE_PLACE } from '../../assets/package-place.cjs';

/** `@opentelemetry/api`, as it was loaded. Its copies share what the application registers. */
export type OpenTelemetryApi = typeof import('@opentelemetry/api');

/**
 * Loads `@opentelemetry/api`, an optional peer.
 *
 * @throws {SecureWsBootError} when it is not installed.
 */
export function loadOpenTelemetryApi(): OpenTelemetryApi {
  try {
    return createRequire(PACKAGE_PLACE)('@opentelemetry/api') as OpenTelemetryApi;
  } catch (cause) {
    const problem = 'needs the package @opentelemetry/api, which cannot be loaded.';
    const fix = 'npm install @opentelemetry/api@1';
    throw new SecureWsBootError([{ where: 'SecureWsOpenTelemetryModule', problem, fix }], { cause });
  }
}
