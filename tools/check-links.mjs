/** Checks that every relative link of the repository's Markdown pages points to a file that is there, and to a heading in it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findAnchors, findLinks } from './markdown-links.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// New pages too, so that a page is checked before it is added; not what git ignores.
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: root })
  .toString()
  .split('\n')
  .filter((page) => page !== '' && existsSync(join(root, page)));

/** @type {Map<string, Set<string>>} */
const anchorsByPage = new Map();

/** @param {string} page @returns {Set<string>} */
function anchorsOf(page) {
  const known = anchorsByPage.get(page) ?? findAnchors(readFileSync(join(root, page), 'utf8'));
  anchorsByPage.set(page, known);
  return known;
}

/**
 * @param {string} page
 * @param {string} target
 * @returns {string | undefined} what is wrong with a link
 */
function problemOf(page, target) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)));
  if (file.startsWith('..')) return 'leaves the repository';
  if (!existsSync(join(root, file))) return 'points to nothing';
  if (anchor === undefined || !file.endsWith('.md')) return undefined;
  return anchorsOf(file).has(anchor) ? undefined : `points to a heading that ${file} does not have`;
}

let count = 0;
/** @type {string[]} */
const problems = [];
for (const page of pages) {
  for (const { target, line } of findLinks(readFileSync(join(root, page), 'utf8'))) {
    count += 1;
    const problem = problemOf(page, target);
    if (problem !== undefined) problems.push(`${page}:${line}: (${target}) ${problem}`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`${count} links of ${pages.length} pages checked, ${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;
