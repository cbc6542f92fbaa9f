/** The last line of `.ci/run`: `N passed, N failed`, from the record of the full run. */
import { countTests, readTestRecord } from './test-record.mjs';

try {
  const { passed, failed } = countTests(readTestRecord());
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  // A run that left no record must not read as one in which nothing failed.
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
