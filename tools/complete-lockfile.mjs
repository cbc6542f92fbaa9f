/** `node tools/complete-lockfile.mjs`, after any `npm install` that changed package-lock.json. See lockfile-platforms.mjs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { completeLockfile } from './lockfile-platforms.mjs';

const path = new URL('../package-lock.json', import.meta.url);
const lockfile = /** @type {{ packages: import('./lockfile-platforms.mjs').LockPackages }} */ (
  JSON.parse(readFileSync(path, 'utf8'))
);
const { packages, added } = completeLockfile(lockfile.packages);
if (added.length > 0) writeFileSync(path, `${JSON.stringify({ ...lockfile, packages }, null, 2)}\n`);
console.log(`package-lock.json: ${added.length} entries added.`);
