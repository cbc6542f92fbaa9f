/**
 * Compiles every TypeScript example of README.md and docs/guide against the sources of the packages, under the strict settings of this
 * repository. The vitest project `docs` runs them.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { examplesFolder, pointIntoPage, writeExamples } from './doc-examples.mjs';

const origins = writeExamples();
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: examplesFolder, encoding: 'utf8' });
const problems = status === 0 ? [] : stdout.trim().split('\n');
for (const line of problems) console.error(pointIntoPage(line, origins));
console.log(`${origins.size} example files compiled, ${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;
