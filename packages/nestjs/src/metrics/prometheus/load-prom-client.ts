import { createRequire } from 'node:module';
import { SecureWsBootError } from '../../core/boot-problems.js';
import { PACKAGE_PLACE } from '../../../assets/package-place.cjs';

/**
 * Loads `prom-client`, an optional peer.
 *
 * @throws {SecureWsBootError} when it is not installed.
 */
export function loadPromClient(): typeof import('prom-client') {
  try {
    return createRequire(PACKAGE_PLACE)('prom-client') as typeof import('prom-client');
  } catch (cause) {
    const problem = 'needs the package prom-client, which cannot be loaded.';
    throw new SecureWsBootError([{ where: 'SecureWsMetricsModule', problem, fix: 'npm install prom-client@15' }], {
      cause,
    });
  }
}
