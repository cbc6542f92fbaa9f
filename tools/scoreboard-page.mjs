/**
 * @typedef {object} Score
 * @property {string} name
 * @property {string} version the one that npm installed, such as `ws 8.23.0`
 * @property {boolean} hasEnded whether the server was gone when the scan was over
 * @property {import('@secure-ws/scanner').ScanResult} result
 */

/**
 * The page of the guide: the grades of the peers, and what was found of whom.
 *
 * @param {readonly Score[]} scores
 * @param {{ node: string; day: string; failed: readonly string[] }} run
 * @returns {string}
 */
export function scoreboardPage(scores, { node, day, failed }) {
  const checks = scores[0]?.result.outcomes.map(({ check }) => check) ?? [];
  const grades = scores.map(({ name, version, result: { grade, outcomes } }) => [
    name,
    `\`${version}\``,
    grade.letter ?? 'none',
    String(grade.points),
    `${grade.tested} of ${grade.total}`,
    String(outcomes.filter(({ outcome }) => outcome === 'finding').length),
  ]);
  const cells = checks.map((check) => [
    `\`${check}\``,
    ...scores.map(({ result }) => MARK[result.outcomes.find((each) => each.check === check)?.outcome ?? 'not-tested']),
  ]);
  const gone = scores.filter(({ hasEnded }) => hasEnded).map(({ name }) => name);
  return `# What other servers get

\`npm run scoreboard\` in the repository installs what npm has for a WebSocket server, starts a minimal server of each that sends back what
comes, scans it with [\`secure-ws-scan\`](scanner.md) and \`--disruptive\`, and writes this page. It ran on ${day} with Node ${node}.

These are libraries, and most of what is found is left to the application on purpose: a bad grade says what an application has to add by
itself, and not that the library is broken. The app comes without authentication, which costs each of them the same.
${failed.length === 0 ? '' : `\nCould not be installed, started or scanned this time, and have no grade: ${failed.join(', ')}.\n`}
${table([['server', 'version', 'grade', 'points', 'tested', 'findings'], ...grades])}

${gone.length === 0 ? '' : `The process of ${gone.join(', ')} ended during the scan: what came after that is not tested.\n\n`}## Check by check

**found** is a finding, **good** was seen to be right, and - was not tested: on loopback, or without a credential.

${table([['check', ...scores.map(({ name }) => name)], ...cells])}

What each check means, and what to write: [its checks](scanner-checks.md). How often they are right: [the range](scanner-range.md).
`;
}

/** @type {Readonly<Record<'finding' | 'passed' | 'not-tested', string>>} */
const MARK = { finding: '**found**', passed: 'good', 'not-tested': '-' };

/**
 * A table as prettier writes it: every column as wide as its widest cell.
 *
 * @param {readonly (readonly string[])[]} rows
 * @returns {string}
 */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
