/**
 * `npm run fuzz [-- INPUTS [SEED]]`: the fuzz tests of `npm test` with 100,000 inputs, from a seed of today. Prints what the seed was: with it, the same inputs
 * come again.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [inputs = '100000', seed = String(Math.floor(Date.now() / 86_400_000))] = process.argv.slice(2);
console.log(`${inputs} inputs from the seed ${seed}; again: npm run fuzz -- ${inputs} ${seed}`);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e', 'test/fuzz'],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, FUZZ_INPUTS: inputs, FUZZ_SEED: seed },
  },
);
process.exit(status ?? 1);
