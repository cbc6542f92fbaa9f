import type * as Jose from 'jose';
import { missingPackage } from '../core/boot-problems.js';

/** The library `jose`, as it was loaded. */
export type JoseLibrary = typeof Jose;

/**
 * Loads `jose`, an optional peer: only applications whose options need it have to install it.
 *
 * @param where the option that needs it.
 * @throws {SecureWsBootError} when it is not installed.
 */
export async function loadJose(where: string): Promise<JoseLibrary> {
  try {
    return await import('jose');
  } catch (cause) {
    throw missingPackage(where, 'jose', 6, cause);
  }
}
