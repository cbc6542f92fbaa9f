import { visibleText } from '../core/visible-text.js';
import { policyChanges } from './policy-changes.js';
import type { PolicyDocument } from './policy-document.js';
import { LockFileError, lockText, readLockFile } from './lock-file.js';
import type { PolicyChange } from './policy-words.js';

/** How a lock file differs from what an application does. */
export interface LockDrift {
  /** At least one, ready to be shown. */
  readonly changes: readonly PolicyChange[];
}

/**
 * Compares a lock file with what the application does, to the letter: a file that was edited by hand may read otherwise to a
 * person than to a parser (a name twice, an escape), and then nobody has reviewed what it says.
 *
 * @returns `undefined` where they agree.
 * @throws {LockFileError} for a file that cannot be read, or is no lock.
 */
export function compareLock(path: string, document: PolicyDocument): LockDrift | undefined {
  const lock = readLockFile(path);
  if (lock.text === lockText(document)) return undefined;
  let changes: readonly PolicyChange[];
  try {
    changes = policyChanges(lock.document, document);
  } catch (cause) {
    throw new LockFileError('The policy lock cannot be compared: it is not what the command writes.', { cause });
  }
  return {
    changes: changes.length === 0 ? [BY_HAND] : changes.map(({ kind, text }) => ({ kind, text: visibleText(text) })),
  };
}

const BY_HAND: PolicyChange = Object.freeze({
  kind: 'other',
  text: 'the file says the same in another way than the command writes it: somebody has edited it',
});
