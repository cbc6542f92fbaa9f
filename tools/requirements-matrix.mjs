/** Joins the page of requirements with the record of a test run. Reads and writes nothing itself. */

/** @typedef {import('./test-record.mjs').RecordedTest} RecordedTest */
/** @typedef {'C' | 'H' | 'M' | 'L'} Severity */

/**
 * @typedef {object} PageRow
 * @property {string} id
 * @property {string} text
 * @property {Severity} severity
 * @property {'done' | 'open' | 'not-applicable'} state
 * @property {string} [reason] why the requirement does not apply
 */

/**
 * @typedef {object} MatrixRow
 * @property {string} id
 * @property {Severity} severity
 * @property {'proven' | 'open' | 'not-applicable'} status
 * @property {string} [reason]
 * @property {string[]} tests the passing tests that carry the id, as `file: title`
 */

const id = '(?:[A-Z]{2}-\\d{2}|J\\d{2})';
const idAtStart = new RegExp(`^(${id})(?![\\w-])[\\s,:]*`);
const wholeId = new RegExp(`^${id}$`);
const severities = new Set(['C', 'H', 'M', 'L']);

/**
 * The ids that a title begins with: `HS-02 J14 refuses ...` carries two.
 *
 * Ids further inside count for nothing: a title may speak of a requirement that it does not prove.
 *
 * @param {string} title the test's own title
 * @returns {string[]}
 */
export function idsOfTitle(title) {
  const ids = [];
  let rest = title.trimStart();
  for (let match = idAtStart.exec(rest); match !== null; match = idAtStart.exec(rest)) {
    if (match[1] !== undefined) ids.push(match[1]);
    rest = rest.slice(match[0].length);
  }
  return ids;
}

/** @param {string} cell @returns {Pick<PageRow, 'state' | 'reason'> | undefined} */
function readState(cell) {
  if (cell === 'done' || cell === 'open') return { state: cell };
  const reason = /^not-applicable:\s*(\S.*)$/.exec(cell)?.[1];
  return reason === undefined ? undefined : { state: 'not-applicable', reason };
}

/**
 * Reads the rows of the page's tables: `| id | text | severity | state |`.
 *
 * @param {string} markdown
 * @returns {{ rows: PageRow[], problems: string[] }} a problem is a sentence for the terminal
 */
export function readPage(markdown) {
  /** @type {PageRow[]} */
  const rows = [];
  /** @type {string[]} */
  const problems = [];
  const known = new Set();
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) continue;
    const [, first = '', text = '', severity = '', stateCell = '', after] = line.split('|').map((cell) => cell.trim());
    if (first === 'id' || /^:?-+:?$/.test(first)) continue;
    const state = readState(stateCell);
    if (!wholeId.test(first)) {
      problems.push(`The page has a row that begins with "${first}", which is no id: write it like HS-01 or J01.`);
    } else if (known.has(first)) {
      problems.push(`The page lists ${first} twice: keep one row.`);
    } else if (after === undefined || text === '' || !severities.has(severity) || state === undefined) {
      problems.push(
        `The row of ${first} cannot be read: it needs a text, a severity (C, H, M or L) and a state (done, open, or not-applicable with a reason).`,
      );
    } else {
      rows.push({ id: first, text, severity: /** @type {Severity} */ (severity), ...state });
    }
    known.add(first);
  }
  if (known.size === 0) problems.push('The page lists no requirement at all: its tables are missing.');
  return { rows, problems };
}

/**
 * Joins page and tests.
 *
 * A requirement is proven only if the page says `done`, at least one test that carries its id passed and none failed.
 *
 * @param {PageRow[]} rows
 * @param {RecordedTest[]} tests
 * @returns {{ requirements: MatrixRow[], problems: string[] }} a problem is a sentence for the terminal
 */
export function buildMatrix(rows, tests) {
  /** @type {string[]} */
  const problems = [];
  /** @returns {Record<'passed' | 'failed', Set<string>>} */
  const noProof = () => ({ passed: new Set(), failed: new Set() });
  const proofs = new Map(rows.map((row) => [row.id, noProof()]));
  for (const { file, title, fullTitle, state } of tests) {
    for (const carried of idsOfTitle(title)) {
      const proof = proofs.get(carried);
      if (proof === undefined) {
        problems.push(
          `The test "${title}" in ${file} carries ${carried}, which the page does not list: correct the title or add the row.`,
        );
      } else if (state !== 'skipped') {
        proof[state].add(`${file}: ${fullTitle}`);
      }
    }
  }
  const requirements = rows.map((row) => {
    const { passed, failed } = proofs.get(row.id) ?? noProof();
    const { state, severity, reason } = row;
    if (state === 'done' && failed.size > 0) {
      problems.push(`${row.id} is marked done, but a test that carries it failed: ${[...failed].join('; ')}.`);
    } else if (state === 'done' && passed.size === 0) {
      problems.push(
        `${row.id} is marked done, but no passing test begins its title with ${row.id}: write the test or mark the row open.`,
      );
    }
    const isProven = state === 'done' && passed.size > 0 && failed.size === 0;
    /** @type {MatrixRow['status']} */
    const status = state === 'not-applicable' ? state : isProven ? 'proven' : 'open';
    return { id: row.id, severity, status, ...(reason === undefined ? {} : { reason }), tests: [...passed].toSorted() };
  });
  return { requirements, problems: [...new Set(problems)] };
}

/**
 * The matrix as lines for the terminal.
 *
 * @param {PageRow[]} rows
 * @param {MatrixRow[]} requirements
 * @returns {string[]}
 */
export function printMatrix(rows, requirements) {
  const texts = new Map(rows.map((row) => [row.id, row.text]));
  const lines = requirements.map(({ id: name, severity, status, reason, tests }) => {
    const count = tests.length === 0 ? '' : ` (${tests.length} ${tests.length === 1 ? 'test' : 'tests'})`;
    const why = reason === undefined ? '' : ` [${reason}]`;
    return `${name.padEnd(6)} ${severity}  ${status.padEnd(14)}  ${texts.get(name) ?? ''}${why}${count}`;
  });
  const count = (/** @type {MatrixRow['status']} */ status) =>
    requirements.filter((row) => row.status === status).length;
  lines.push('', `${count('proven')} proven, ${count('open')} open, ${count('not-applicable')} not applicable.`);
  return lines;
}
