/**
 * `npm run scoreboard`: installs the peers that npm has into a temporary folder, scans the smallest app of each, and writes
 * docs/guide/scanner-scoreboard.md from what came out. Needs the network, and some minutes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PEERS } from './scoreboard-peers.mjs';
import { scoreboardPage } from './scoreboard-page.mjs';

/** @typedef {import('./scoreboard-peers.mjs').Peer} Peer */

const PAGE = fileURLToPath(new URL('../docs/guide/scanner-scoreboard.md', import.meta.url));
const COMMAND = fileURLToPath(new URL('../packages/scanner/dist/command/secure-ws-scan.js', import.meta.url));

/**
 * Installs a peer, starts its app, scans it, and ends it.
 *
 * @param {Peer} peer
 * @param {string} folder an empty one
 * @returns {Promise<import('./scoreboard-page.mjs').Score>}
 */
async function score({ name, packages, app, address = '/', messages, options = [] }, folder) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(join(folder, 'app.mjs'), app);
  writeFileSync(join(folder, 'messages.json'), JSON.stringify(messages));
  const wanted = Object.entries(packages).map(([id, version]) => `${id}@${version}`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', '--silent'];
  const installed = spawnSync('npm', ['install', ...flags, ...wanted], { cwd: folder, encoding: 'utf8' });
  if (installed.status !== 0) throw new Error(`npm could not install ${wanted.join(' ')}: ${installed.stderr}`);
  const child = spawn(process.execPath, ['app.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const port = await portOf(child.stdout);
    const target = `ws://127.0.0.1:${port}${address}`;
    const limits = ['--rate', '100', '--disruptive', '--fail-on', 'never', '--messages', join(folder, 'messages.json')];
    const scan = spawn(process.execPath, [COMMAND, target, '--json', ...limits, ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    scan.stdout.on('data', (chunk) => (out += String(chunk)));
    await once(scan, 'close');
    const result = /** @type {import('@secure-ws/scanner').ScanResult} */ (JSON.parse(out));
    if (!result.baseline.isAccepted) throw new Error(result.baseline.says);
    const version = versionOf(folder, Object.keys(packages)[0] ?? '');
    return { name, version, hasEnded: child.exitCode !== null, result };
  } finally {
    child.kill();
  }
}

/**
 * @param {import('node:stream').Readable} output
 * @returns {Promise<number>} the port that an app prints
 */
async function portOf(output) {
  for await (const line of createInterface({ input: output })) {
    const [, port] = /^port (\d+)$/.exec(line) ?? [];
    if (port !== undefined) return Number(port);
  }
  throw new Error('The app ended before it listened.');
}

/**
 * @param {string} folder
 * @param {string} id
 * @returns {string} what is installed, such as `ws 8.23.0`
 */
function versionOf(folder, id) {
  const manifest = readFileSync(join(folder, 'node_modules', id, 'package.json'), 'utf8');
  return `${id} ${/** @type {{ version: string }} */ (JSON.parse(manifest)).version}`;
}

/** @type {import('./scoreboard-page.mjs').Score[]} */
const scores = [];
/** @type {string[]} */
const failed = [];
for (const peer of PEERS) {
  const folder = mkdtempSync(join(tmpdir(), 'scoreboard-'));
  try {
    const scored = await score(peer, folder);
    scores.push(scored);
    console.log(`${peer.name}: ${scored.result.grade.letter ?? 'no grade'}, ${scored.result.grade.points} points`);
  } catch (error) {
    failed.push(peer.name);
    console.error(`${peer.name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const day = new Date().toISOString().slice(0, 10);
writeFileSync(PAGE, scoreboardPage(scores, { node: process.versions.node, day, failed }));
process.exitCode = failed.length === 0 ? 0 : 1;
