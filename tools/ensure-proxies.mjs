/** Makes sure that the tests of docs/guide/proxies.md find nginx and HAProxy. The tests start them themselves, never as a service. */
import { spawnSync } from 'node:child_process';
import { ensurePackages } from './debian-packages.mjs';

// Where Debian installs them, which only root has in its PATH.
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` };

ensurePackages({
  packages: ['nginx-light', 'haproxy'],
  isThere: () => ['nginx', 'haproxy'].every((program) => spawnSync(program, ['-v'], { env }).status === 0),
  who: 'The tests of the proxies need nginx and HAProxy.',
  byHand: 'Install both (on Debian: apt-get install nginx-light haproxy).',
});
