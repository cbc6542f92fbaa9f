/**
 * `npm run mutation`: Stryker over the policies of the concerns that decide about a message or a handshake; `npm run mutation -- throttling` over those of
 * some concerns.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CONCERNS, policiesOf } from './mutation-scope.mjs';

const asked = process.argv.slice(2);
const unknown = asked.find((concern) => !CONCERNS.includes(concern));
if (unknown !== undefined) throw new Error(`"${unknown}" is none of the concerns: ${CONCERNS.join(', ')}.`);

const files = policiesOf(asked.length === 0 ? CONCERNS : asked);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'tools/stryker.config.mjs', '--mutate', files.join(',')],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' },
);
process.exit(status ?? 1);
