/** The record of the last full test run: where it lies, and its form. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} RecordedTest
 * @property {string} file path from the root of the repository
 * @property {string} title the test's own title
 * @property {string} fullTitle with the titles of the suites around it
 * @property {'passed' | 'failed' | 'skipped'} state
 */

/**
 * @typedef {object} TestRecord
 * @property {string} finishedAt ISO 8601, UTC
 * @property {RecordedTest[]} tests
 * @property {string[]} brokenFiles files that failed outside a test: on import, or in a hook
 * @property {number} unhandledErrors errors that no test owns
 */

/** The file that a full run writes. */
export const testRecordPath = fileURLToPath(new URL('../.cache/test-results.json', import.meta.url));

/** Removes the record, so that a run which never ends leaves none. */
export function forgetTestRecord(path = testRecordPath) {
  rmSync(path, { force: true });
}

/**
 * Writes the record in one step: a reader sees all of it or nothing.
 *
 * @param {TestRecord} record
 * @param {string} [path]
 */
export function writeTestRecord(record, path = testRecordPath) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Reads the record of the last full run.
 *
 * @param {string} [path]
 * @returns {TestRecord}
 * @throws Error with a sentence for the terminal where there is none
 */
export function readTestRecord(path = testRecordPath) {
  try {
    return /** @type {TestRecord} */ (JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error('No full test run is on record: run "npm test" (without a file name) first.', { cause });
  }
}

/**
 * Counts of a run. What failed outside a test counts as failed, or a file that cannot be imported would look harmless.
 *
 * @param {TestRecord} record
 */
export function countTests({ tests, brokenFiles, unhandledErrors }) {
  return {
    passed: tests.filter(({ state }) => state === 'passed').length,
    failed: tests.filter(({ state }) => state === 'failed').length + brokenFiles.length + unhandledErrors,
  };
}
