/** Takes the TypeScript examples out of a Markdown page, and finds the way back from a compiler error to the line of the page. */

/**
 * @typedef {object} ExampleFile
 * @property {string} name file name inside the folder of the page
 * @property {string} code
 * @property {number[]} lines for each line of the code, its line number in the page
 */

const fence = /^(?<indent> {0,3})(?<ticks>`{3,})(?<info>.*)$/;
const fileComment = /^\/\/ file: (?<name>[\w.-]+\.ts)$/;

/**
 * Every fenced block of the language `ts` becomes a file of its own, or part of the file that its first line names:
 * `// file: chat.gateway.ts`. Blocks with the same name are joined in the order of the page.
 *
 * @param {string} markdown
 * @returns {ExampleFile[]}
 * @throws Error if a fence is never closed: the examples behind it would go unchecked
 */
export function extractExamples(markdown) {
  /** @type {Map<string, ExampleFile>} */
  const files = new Map();
  const pageLines = markdown.split(/\r?\n/);
  for (let index = 0; index < pageLines.length; index += 1) {
    const { indent = '', ticks, info = '' } = fence.exec(pageLines[index] ?? '')?.groups ?? {};
    if (ticks === undefined) continue;
    const start = index + 1;
    const isEnd = (/** @type {string} */ line) => /^`+$/.test(line.trim()) && line.trim().length >= ticks.length;
    const length = pageLines.slice(start).findIndex(isEnd);
    if (length === -1) throw new Error(`The code block that begins in line ${start} is never closed.`);
    index = start + length;
    if (info.trim().split(/\s+/)[0] !== 'ts') continue;
    const block = pageLines
      .slice(start, index)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const name = fileComment.exec(block[0] ?? '')?.groups?.['name'] ?? `line-${start + 1}.ts`;
    const file = files.get(name) ?? { name, code: '', lines: [] };
    file.code += block.map((line) => `${line}\n`).join('');
    file.lines.push(...block.map((_, offset) => start + offset + 1));
    files.set(name, file);
  }
  return [...files.values()];
}

/**
 * Says a compiler error in terms of the page: `README.md:41: error TS2322: ...`.
 *
 * @param {string} output one line of tsc, paths relative to the folder that holds the pages' folders
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
