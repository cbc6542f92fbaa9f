/** Installs programs that tests need, so that `npm test` works on a fresh machine. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @param {string[]} args */
const aptGet = (...args) =>
  spawnSync('apt-get', args, {
    // The progress of a package manager would bury the summary of the tests on standard output.
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });

/** @param {string} sentence @returns {never} */
export const giveUp = (sentence) => {
  console.error(sentence);
  process.exit(1);
};

/**
 * Installs packages of the distribution, on a Debian machine as root, where something is missing. Exits 1 with a sentence that says what to do
 * where that does not help: tests are never skipped in silence.
 *
 * @param {object} need
 * @param {string[]} need.packages
 * @param {() => boolean} need.isThere
 * @param {string} need.who begins the sentence, `The browser tests need Chromium.`
 * @param {string} need.byHand
 */
export function ensurePackages({ packages, isThere, who, byHand }) {
  if (isThere()) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) giveUp(`${who} ${byHand}`);
  const names = packages.join(' ');
  console.error(`${who} Installing: ${names}.`);
  // A stale package list still serves where only the update fails, so the installation alone decides.
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', ...packages);
  if (!isThere()) giveUp(`${who} Installing failed: ${names}. ${byHand}`);
}
