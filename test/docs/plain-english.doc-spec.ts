import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READ_BY_USERS = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'docs',
  'packages/nestjs/src',
  'packages/protocol/src',
  'packages/scanner/src',
];

/** What made a native reader stop, each with the plain words for it. */
const STUMBLING_BLOCKS: readonly (readonly [phrase: RegExp, plain: string])[] = [
  [/\bthe dear ones\b/i, 'the expensive ones'],
  [/\bhears of what\b/i, 'is told what'],
  [/\bby the million\b/i, 'millions of'],
  [/\bwhatever he likes\b/i, 'anything'],
  [/\bthereby loses\b/i, 'loses only'],
  [/\bwould heed\b|\bbe heeded\b/i, 'is ignored'],
  [/\banew\b/i, 'again, or starts over'],
  [/\bis no (?:number|identifier|object|list|gateway|address)\b/i, 'is not a ...'],
];

/** The pages and sources of a folder, or the one file. */
function filesOf(path: string): readonly string[] {
  if (path.endsWith('.md')) return [path];
  const entries = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
  return entries
    .filter((entry) => /\.(?:md|ts)$/.test(entry) && !entry.endsWith('.spec.ts'))
    .map((entry) => join(path, entry));
}

it('F49 nothing that a user reads says what made a native reader stop', () => {
  const files = READ_BY_USERS.flatMap(filesOf);
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return STUMBLING_BLOCKS.filter(([phrase]) => phrase.test(text)).map(
      ([phrase, plain]) => `${file}: ${phrase} -> ${plain}`,
    );
  });
  expect(found).toEqual([]);
});
