/**
 * A vitest reporter that records every test of a full run for `npm run requirements` and for the last line of `.ci/run`.
 *
 * Silent unless `npm test` ran without arguments: see run-tests.mjs.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { forgetTestRecord, writeTestRecord } from './test-record.mjs';

/** @typedef {import('./test-record.mjs').RecordedTest} RecordedTest */
/** @typedef {import('vitest/node').Reporter} Reporter */

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param {import('vitest/node').TestCase} test @returns {RecordedTest['state']} */
const stateOf = (test) => {
  const { state } = test.result();
  // A test that is still pending when the run ends was cut off, which proves nothing.
  return state === 'pending' ? 'failed' : state;
};

/**
 * The default export, because vitest loads reporters by path and takes nothing else.
 *
 * @implements {Reporter}
 */
export default class RequirementsReporter {
  #isFullRun = process.env['SECURE_WS_FULL_RUN'] === '1';

  onInit() {
    if (this.#isFullRun) forgetTestRecord();
  }

  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<import('vitest/node').SerializedError>} unhandledErrors
   * @param {import('vitest/node').TestRunEndReason} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    if (!this.#isFullRun || reason === 'interrupted') return;
    /** @type {RecordedTest[]} */
    const tests = [];
    /** @type {string[]} */
    const brokenFiles = [];
    for (const module of modules) {
      const file = relative(root, module.moduleId).replaceAll('\\', '/');
      for (const test of module.children.allTests()) {
        tests.push({ file, title: test.name, fullTitle: test.fullName, state: stateOf(test) });
      }
      const hasBrokenSuite = [...module.children.allSuites()].some((suite) => suite.errors().length > 0);
      if (module.errors().length > 0 || hasBrokenSuite) brokenFiles.push(file);
    }
    writeTestRecord({
      finishedAt: new Date().toISOString(),
      tests,
      brokenFiles,
      unhandledErrors: unhandledErrors.length,
    });
  }
}
