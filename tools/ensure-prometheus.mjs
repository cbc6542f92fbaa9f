/** Makes sure that the tests of metrics and alert rules find Prometheus. The tests start one of their own, never the service. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './debian-packages.mjs';

ensurePackages({
  packages: ['prometheus'],
  isThere: () => ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0),
  who: 'The tests of metrics and alert rules need Prometheus.',
  byHand: 'Install it (on Debian: apt-get install prometheus).',
});
