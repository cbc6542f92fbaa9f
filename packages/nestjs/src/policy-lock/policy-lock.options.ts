import { resolve } from 'node:path';
import { isPlainObject, OptionReader } from '../core/option-reader.js';
import { LOCK_FILE } from './lock-file.js';

/** `policyLock`: boots only with the policy that was reviewed. */
export type PolicyLockOptions =
  | 'enforce'
  | {
      /** The lock file, relative to where the process was started. */
      readonly path: string;
    };

/** {@link PolicyLockOptions} checked. */
export interface ResolvedPolicyLockOptions {
  readonly path: string;
}

/** Reads `policyLock`; `undefined` where nothing is enforced. */
export function resolvePolicyLockOptions(reader: OptionReader): ResolvedPolicyLockOptions | undefined {
  const value = reader.raw('policyLock');
  if (value === undefined) return undefined;
  if (value === 'enforce') return Object.freeze({ path: resolve(LOCK_FILE) });
  if (!isPlainObject(value)) return reader.refuse('policyLock', "must be 'enforce' or { path }.", "'enforce'");
  const level = reader.object('policyLock');
  const path = level.string('path');
  if (!level.has('path')) level.fail('path', 'is missing.', `policyLock: { path: '${LOCK_FILE}' }`);
  level.finish();
  return path === undefined ? undefined : Object.freeze({ path: resolve(path) });
}
