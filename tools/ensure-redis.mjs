/** Makes sure that the tests of limits over several nodes find Redis. The tests start one of their own, never the service. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './debian-packages.mjs';

ensurePackages({
  // gcc compiles what steps the clock of a server.
  packages: ['redis-server', 'gcc', 'libc6-dev'],
  isThere: () => ['redis-server', 'gcc'].every((program) => spawnSync(program, ['--version']).status === 0),
  who: 'The tests of limits over several nodes need Redis.',
  byHand: 'Install it and gcc (on Debian: apt-get install redis-server gcc libc6-dev).',
});
