/**
 * Looks at every published package as a consumer gets it: publint reads its package.json, attw resolves its types the way each module
 * system does.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string} label
 * @param {string[]} args
 * @returns {Promise<boolean>} whether it succeeded
 */
const run = (label, args) =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) => {
      console.log(error === null ? `${label}: no problems` : `${label}:\n${stdout}${stderr}`);
      resolve(error === null);
    });
  });

const published = readdirSync(join(root, 'packages')).filter((name) => {
  const manifest = /** @type {{ private?: boolean }} */ (
    JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  );
  return manifest.private !== true;
});

let isClean = published.length > 0;
if (!isClean) console.error('packages/ holds no published package: nothing was checked.');
for (const name of published) {
  const folder = `packages/${name}`;
  // One after the other: both pack the folder, and attw leaves its tarball there for a moment.
  const results = [
    await run(`publint ${folder}`, ['node_modules/publint/src/cli.js', folder, '--strict']),
    // The packages are ESM only, because two builds would be two copies of every class that dependency injection compares.
    await run(`attw ${folder}`, [
      'node_modules/@arethetypeswrong/cli/dist/index.js',
      '--pack',
      folder,
      '--ignore-rules',
      'cjs-resolves-to-esm',
    ]),
  ];
  isClean &&= results.every(Boolean);
}
process.exitCode = isClean ? 0 : 1;
