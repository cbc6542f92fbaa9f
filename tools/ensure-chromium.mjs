/** Makes sure that the browser tests find a Chromium: looks at `CHROMIUM_PATH`, then at the usual places. */
import { accessSync, constants } from 'node:fs';
import { ensurePackages, giveUp } from './debian-packages.mjs';

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

const who = 'The browser tests need Chromium.';
const chosen = process.env['CHROMIUM_PATH'] ?? '';
if (chosen === '') {
  ensurePackages({
    packages: ['chromium'],
    isThere: () => usualPlaces.some(isExecutable),
    who,
    byHand: 'Install it (on Debian: apt-get install chromium) or set CHROMIUM_PATH to the program.',
  });
} else if (!isExecutable(chosen)) {
  giveUp(
    `${who} CHROMIUM_PATH does not name a program that can be run: correct it, or remove it to use an installed one.`,
  );
}
