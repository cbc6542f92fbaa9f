/** The record of the last full test run: the report of vitest's own JSON reporter, which run-tests.mjs asks for. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} RecordedTest
 * @property {string} file path from the root of the repository
 * @property {string} title the test's own title
 * @property {string} fullTitle with the titles of the suites around it
 * @property {'passed' | 'failed' | 'skipped'} state
 */

/**
 * @typedef {object} VitestReport the part of the report that is read
 * @property {Array<{ name: string, endTime: number, assertionResults: Array<{ title: string, fullName: string, status: string }> }>} testResults
 */

const root = fileURLToPath(new URL('..', import.meta.url));

/** The file that a full run writes. */
export const testRecordPath = fileURLToPath(new URL('../.cache/test-results.json', import.meta.url));

/** Words of the report; all others (`skipped`, `todo`, `disabled`) prove nothing and disprove nothing. */
const states = new Map(
  /** @type {const} */ ([
    ['passed', 'passed'],
    ['failed', 'failed'],
    // Still running when the run ended: it was cut off.
    ['pending', 'failed'],
  ]),
);

/**
 * Reads the record of the last full run.
 *
 * @returns {{ finishedAt: string, tests: RecordedTest[] }} `finishedAt` is ISO 8601, UTC
 * @throws Error with a sentence for the terminal where there is none
 */
export function readTestRecord(path = testRecordPath) {
  /** @type {VitestReport} */
  let report;
  try {
    report = /** @type {VitestReport} */ (JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error('No full test run is on record: run "npm test" (without a file name) first.', { cause });
  }
  const { testResults } = report;
  const ends = testResults.map(({ endTime }) => endTime);
  return {
    finishedAt: new Date(Math.max(0, ...ends)).toISOString(),
    tests: testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ title, fullName, status }) => ({
        file: relative(root, name).replaceAll('\\', '/'),
        title,
        fullTitle: fullName,
        state: states.get(/** @type {'passed'} */ (status)) ?? 'skipped',
      })),
    ),
  };
}
