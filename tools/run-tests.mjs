/**
 * `npm test`: the whole suite, on the record. `npm test -- <arguments of vitest>` runs a part of it and records nothing.
 *
 * Only a full run may replace the record that `npm run requirements` reads: the run of one file would wipe the proof of all others.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { testRecordPath } from './test-record.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const filters = process.argv.slice(2);
const onRecord = ['--reporter=json', `--outputFile.json=${testRecordPath}`, '--reporter=default'];

// A run that is cut off leaves no record, rather than that of another run.
if (filters.length === 0) rmSync(testRecordPath, { force: true });

const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...(filters.length === 0 ? onRecord : filters)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
