/**
 * `npm test`: the whole suite, on the record. `npm test -- <arguments of vitest>` runs a part of it and records nothing.
 *
 * Only a full run may replace the record that `npm run requirements` reads: the run of one file would wipe the proof of all others.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const filters = process.argv.slice(2);
const env = { ...process.env };
delete env['SECURE_WS_FULL_RUN'];
if (filters.length === 0) env['SECURE_WS_FULL_RUN'] = '1';

const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...filters], {
  cwd: root,
  stdio: 'inherit',
  env,
});
process.exit(status ?? 1);
