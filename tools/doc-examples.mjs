/** Takes the TypeScript examples out of the Markdown pages, and finds the way back from a compiler error to the line of the page. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} ExampleFile
 * @property {string} name file name inside the folder of the page
 * @property {string} code
 * @property {number[]} lines for each line of the code, its line number in the page
 */

const root = fileURLToPath(new URL('..', import.meta.url));

/** Inside the repository, so that imports resolve from its node_modules, and in a folder that git ignores. */
export const examplesFolder = join(root, '.cache/doc-examples');

const fence = /^(?<indent> {0,3})(?<ticks>`{3,})(?<info>.*)$/;
const fileComment = /^(?:\/\/ file: (?<shown>[\w.-]+\.ts)|<!-- file: (?<hidden>[\w.-]+\.ts) -->)$/;

/**
 * Every fenced block of the language `ts` belongs to the file that its first line names, `// file: chat.gateway.ts`, or that a hidden comment above it
 * names, `<!-- file: chat.gateway.ts -->`. Blocks with the same name are joined in the order of the page.
 *
 * @param {string} markdown
 * @returns {ExampleFile[]}
 * @throws Error if a fence is never closed, or a block has no name: it would go unchecked
 */
export function extractExamples(markdown) {
  /** @type {Map<string, ExampleFile>} */
  const files = new Map();
  const pageLines = markdown.split(/\r?\n/);
  let above = '';
  for (let index = 0; index < pageLines.length; index += 1) {
    const { indent = '', ticks, info = '' } = fence.exec(pageLines[index] ?? '')?.groups ?? {};
    if (ticks === undefined) {
      const text = pageLines[index]?.trim() ?? '';
      if (text !== '') above = text;
      continue;
    }
    const start = index + 1;
    const isEnd = (/** @type {string} */ line) => /^`+$/.test(line.trim()) && line.trim().length >= ticks.length;
    const length = pageLines.slice(start).findIndex(isEnd);
    if (length === -1) throw new Error(`The code block that begins in line ${start} is never closed.`);
    index = start + length;
    if (info.trim().split(/\s+/)[0] !== 'ts') continue;
    const block = pageLines
      .slice(start, index)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const { shown, hidden } = (fileComment.exec(block[0] ?? '') ?? fileComment.exec(above))?.groups ?? {};
    const name = shown ?? hidden;
    if (name === undefined) {
      throw new Error(`The example that begins in line ${start} has no name: put <!-- file: name.ts --> above it.`);
    }
    const file = files.get(name) ?? { name, code: '', lines: [] };
    file.code += block.map((line) => `${line}\n`).join('');
    file.lines.push(...block.map((_, offset) => start + offset + 1));
    files.set(name, file);
    above = '';
  }
  return [...files.values()];
}

/**
 * Writes the examples of README.md and docs/guide: `authentication/sessions.ts` is one of docs/guide/authentication.md.
 *
 * @returns {Map<string, { page: string, lines: number[] }>} where each file comes from
 */
export function writeExamples() {
  rmSync(examplesFolder, { recursive: true, force: true });
  const guide = readdirSync(join(root, 'docs/guide')).filter((name) => name.endsWith('.md') && name !== 'README.md');
  /** @type {Map<string, { page: string, lines: number[] }>} */
  const origins = new Map();
  for (const page of ['README.md', ...guide.map((name) => `docs/guide/${name}`)]) {
    let files;
    try {
      files = extractExamples(readFileSync(join(root, page), 'utf8'));
    } catch (error) {
      throw new Error(`${page}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    for (const { name, code, lines } of files) {
      const path = `${page.replace(/^docs\/guide\/|\.md$/g, '')}/${name}`;
      mkdirSync(dirname(join(examplesFolder, path)), { recursive: true });
      // Without an export two examples would share one global scope.
      writeFileSync(join(examplesFolder, path), /^(?:import|export) /m.test(code) ? code : `${code}export {};\n`);
      origins.set(path, { page, lines });
    }
  }
  writeFileSync(join(examplesFolder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(
    join(examplesFolder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      // An example may declare what it does not use.
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      files: [...origins.keys()],
      // Ambient declarations of the packages' sources, which paths alone do not bring in.
      include: ['../../packages/*/src/**/*.d.ts'],
    }),
  );
  return origins;
}

/**
 * Says a compiler error in terms of the page: `README.md:41: error TS2322: ...`.
 *
 * @param {string} output one line of tsc, paths relative to the folder of the examples
 * @param {Map<string, { page: string, lines: number[] }>} origins by such a path
 * @returns {string} the line as it was, if no example is to blame
 */
export function pointIntoPage(output, origins) {
  const {
    path = '',
    line = '',
    rest = '',
  } = /^(?<path>[^(\s]+)\((?<line>\d+),\d+\): (?<rest>.*)$/.exec(output)?.groups ?? {};
  const origin = origins.get(path);
  const pageLine = origin?.lines[Number(line) - 1] ?? origin?.lines.at(-1);
  return origin === undefined || pageLine === undefined ? output : `${origin.page}:${pageLine}: ${rest}`;
}
