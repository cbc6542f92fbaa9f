/** Makes sure that the test of the scanner's JUnit report finds xmllint. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './debian-packages.mjs';

ensurePackages({
  packages: ['libxml2-utils'],
  isThere: () => spawnSync('xmllint', ['--version']).status === 0,
  who: 'The test of the JUnit report needs xmllint.',
  byHand: 'Install it (on Debian: apt-get install libxml2-utils).',
});
