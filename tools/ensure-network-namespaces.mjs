/** Makes sure that the test of half-open peers finds `ip`. Making a network namespace also needs root, which the test says. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './debian-packages.mjs';

ensurePackages({
  packages: ['iproute2'],
  isThere: () => spawnSync('ip', ['-V']).status === 0,
  who: 'The test of half-open peers needs network namespaces.',
  byHand: 'Install ip (on Debian: apt-get install iproute2).',
});
