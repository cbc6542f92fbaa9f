/**
 * Compiles every TypeScript example of README.md and docs/guide against the sources of the packages, under the strict settings of this
 * repository. An example that a reader cannot copy fails `npm run check:docs`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractExamples, pointIntoPage } from './doc-examples.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// Inside the repository, so that imports resolve from its node_modules, and in a folder that git ignores.
const folder = join(root, '.cache/doc-examples');

const guide = join(root, 'docs/guide');
const guidePages = existsSync(guide) ? readdirSync(guide).filter((name) => name.endsWith('.md')) : [];
const pages = ['README.md', ...guidePages.map((name) => `docs/guide/${name}`)];

/** @type {Map<string, { page: string, lines: number[] }>} */
const origins = new Map();
/** @type {string[]} */
const problems = [];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const page of pages) {
  try {
    for (const { name, code, lines } of extractExamples(readFileSync(join(root, page), 'utf8'))) {
      const path = `${page.replace(/\.md$/, '').replaceAll('/', '-')}/${name}`;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      // Without an export two examples would share one global scope.
      writeFileSync(join(folder, path), /^(?:import|export) /m.test(code) ? code : `${code}export {};\n`);
      origins.set(path, { page, lines });
    }
  } catch (error) {
    problems.push(`${page}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

if (origins.size > 0) {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      // An example may declare what it does not use.
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      files: [...origins.keys()],
      // Ambient declarations of the packages' sources, which paths alone do not bring in.
      include: ['../../packages/*/src/**/*.d.ts'],
    }),
  );
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0)
    problems.push(
      ...stdout
        .trim()
        .split('\n')
        .map((line) => pointIntoPage(line, origins)),
    );
}

for (const problem of problems) console.error(problem);
console.log(`${origins.size} example files of ${pages.length} pages compiled, ${problems.length} problems.`);
process.exitCode = problems.length === 0 ? 0 : 1;
