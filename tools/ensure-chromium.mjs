/**
 * Makes sure that the browser tests find a Chromium, so that `npm test` works on a fresh machine.
 *
 * Looks at `CHROMIUM_PATH`, then at the usual places; on a Debian machine, as root, it installs the distribution's package. Exits 1 with a
 * sentence that says what to do where neither helps.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** @param {string} path */
const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** @param {string} sentence @returns {never} */
const giveUp = (sentence) => {
  console.error(`The browser tests need Chromium. ${sentence}`);
  process.exit(1);
};

/** @param {string[]} args */
const aptGet = (...args) => {
  const { status } = spawnSync('apt-get', args, {
    // The progress of a package manager would bury the summary of the tests on standard output.
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0;
};

const chosen = process.env['CHROMIUM_PATH'];
if (chosen !== undefined && chosen !== '') {
  if (!isExecutable(chosen)) {
    giveUp('CHROMIUM_PATH does not name a program that can be run: correct it, or remove it to use an installed one.');
  }
} else if (!usualPlaces.some(isExecutable)) {
  const byHand = 'Install it (on Debian: apt-get install chromium) or set CHROMIUM_PATH to the program.';
  if (process.getuid?.() !== 0) giveUp(byHand);
  if (!existsSync('/usr/bin/apt-get')) giveUp(byHand);
  console.error('No Chromium found: installing the package "chromium" for the browser tests.');
  // A stale package list still serves where only the update fails, so the installation alone decides.
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', 'chromium');
  if (!usualPlaces.some(isExecutable)) giveUp(`Installing the package "chromium" failed. ${byHand}`);
}
