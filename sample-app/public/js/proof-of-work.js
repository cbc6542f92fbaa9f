import { solveChallenge } from '/vendor/altcha/pow.js';
import { deriveKey } from '/vendor/altcha/algorithms/web/pbkdf2.js';

/**
 * Solves a challenge of the server: about half a second of work, which the browser does beside the page.
 *
 * @param {object} challenge
 * @returns {Promise<string>} what the server verifies
 */
export async function solve(challenge) {
  const solution = await solveChallenge({ challenge, deriveKey });
  return btoa(JSON.stringify({ challenge, solution })).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
