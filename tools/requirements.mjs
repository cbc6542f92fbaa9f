/**
 * `npm run requirements [-- --json FILE] [--quiet]`: which security requirement is proven by which test of the last full run.
 *
 * Exits 1 where the page, the titles of the tests and the run do not agree. `--quiet` prints nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildMatrix, printMatrix, readPage } from './requirements-matrix.mjs';
import { readTestRecord } from './test-record.mjs';

const page = new URL('../docs/security/requirements.md', import.meta.url);

/** @returns {string[]} problems, as sentences */
function run() {
  const { values } = parseArgs({ options: { json: { type: 'string' }, quiet: { type: 'boolean', default: false } } });
  const record = readTestRecord();
  const { rows, problems: pageProblems } = readPage(readFileSync(page, 'utf8'));
  const { requirements, problems } = buildMatrix(rows, record.tests);
  if (!values.quiet) {
    console.log(printMatrix(rows, requirements).join('\n'));
    console.log(`The tests are those of the full run that ended ${record.finishedAt}.`);
  }
  if (values.json !== undefined) {
    // npm changes into the root of the repository; a relative FILE is meant from where the person stood.
    const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), values.json);
    writeFileSync(path, `${JSON.stringify({ requirements }, null, 2)}\n`);
  }
  return [...pageProblems, ...problems];
}

/** @type {string[]} */
let problems;
try {
  problems = run();
} catch (error) {
  problems = [error instanceof Error ? error.message : String(error)];
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
