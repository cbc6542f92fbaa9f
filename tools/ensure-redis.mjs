/** Makes sure that the tests of limits over several nodes find Redis. The tests start one of their own, never the service. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './debian-packages.mjs';

ensurePackages({
  packages: ['redis-server'],
  isThere: () => spawnSync('redis-server', ['--version']).status === 0,
  who: 'The tests of limits over several nodes need Redis.',
  byHand: 'Install it (on Debian: apt-get install redis-server).',
});
