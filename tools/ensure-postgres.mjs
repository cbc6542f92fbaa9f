/** Makes sure that the tests of the sample's row filters find PostgreSQL. The tests start one of their own, never the service. */
import { existsSync, readdirSync } from 'node:fs';
import { ensurePackages } from './debian-packages.mjs';

const root = '/usr/lib/postgresql';

ensurePackages({
  packages: ['postgresql'],
  isThere: () => existsSync(root) && readdirSync(root).some((version) => existsSync(`${root}/${version}/bin/initdb`)),
  who: 'The tests of the row filters need PostgreSQL.',
  byHand: 'Install it (on Debian: apt-get install postgresql).',
});
