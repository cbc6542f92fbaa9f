import { createRequire } from 'node:module';
import { SecureWsBootError } from '../../core/boot-problems.js';

/**
 * Loads `prom-client`, an optional peer.
 *
 * @throws {SecureWsBootError} when it is not installed.
 */
export function loadPromClient(): typeof import('prom-client') {
  try {
    return createRequire(import.meta.url)('prom-client') as typeof import('prom-client');
  } catch (cause) {
    const problem = 'needs the package prom-client, which cannot be loaded.';
    throw new SecureWsBootError([{ where: 'SecureWsMetricsModule', problem, fix: 'npm install prom-client@15' }], {
      cause,
    });
  }
}
