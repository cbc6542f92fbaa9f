import { createRequire } from 'node:module';
import { missingPackage } from '../../core/boot-problems.js';
import { PACKAGE_PLACE } from '../../../assets/package-place.cjs';

/** The library `@cedar-policy/cedar-wasm`, as it was loaded. */
export type CedarLibrary = typeof import('@cedar-policy/cedar-wasm/nodejs');

/**
 * Loads `@cedar-policy/cedar-wasm`, an optional peer, of the kind that Node runs: at once, so that policies are parsed while
 * the application boots.
 *
 * @throws {SecureWsBootError} when it is not installed.
 */
export function loadCedar(): CedarLibrary {
  try {
    return createRequire(PACKAGE_PLACE)('@cedar-policy/cedar-wasm/nodejs') as CedarLibrary;
  } catch (cause) {
    throw missingPackage('CedarEngine', '@cedar-policy/cedar-wasm', 4, cause);
  }
}
