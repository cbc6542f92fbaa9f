import type { ScanResult } from '@secure-ws/scanner';

/** A server of the range, and what a scan said of it. */
export interface RangeRun {
  /** The name of its single flaw; `none` for the server in order. */
  readonly server: string;
  /** The checks that have to find it. */
  readonly foundBy: readonly string[];
  readonly result: ScanResult;
}

/** A server as its author would start it, with whatever that leaves open. */
export interface WholeRun {
  readonly server: string;
  readonly result: ScanResult;
}

/** The page of the guide that says how often each check is right. Nothing in it is written by hand. */
export function rangePage(runs: readonly RangeRun[], whole: readonly WholeRun[]): string {
  const checks = runs[0]?.result.outcomes.map(({ check }) => check) ?? [];
  return `# How often the checks are right

\`npm run range\` in the repository starts ${runs.length} servers that differ in one flaw each, scans them, and writes this page from what
the [scanner](scanner.md) said. A test fails where the page says anything else. What each check means: [its checks](scanner-checks.md).

## Each check

A true positive is a server with a flaw of the check, where the check found it; a false positive one without such a flaw, where it found
something all the same. A false negative was not found. What is right and was seen to be right is a true negative. What could not be
tested is counted by itself, and is never a negative: where any Origin is admitted, none can be got around.

${table([
  ['check', 'true positives', 'false negatives', 'false positives', 'true negatives', 'not tested'],
  ...checks.map((check) => rowOf(check, runs)),
])}

## Each server

${table([
  ['flaw', 'found by', 'grade'],
  ...runs.map(({ server, result }) => [`\`${server}\``, findingsOf(result), gradeIn(result)]),
])}

## Servers as they come

With their defaults, and nothing added. The quick start of the [README](../../README.md) and the sample app of
the repository get an A, in tests of their own.

${table([
  ['server', 'grade', 'points', 'found'],
  ...whole.map(({ server, result }) => [server, gradeIn(result), String(result.grade.points), findingsOf(result)]),
])}
`;
}

function rowOf(check: string, runs: readonly RangeRun[]): readonly string[] {
  const seen = runs.map(({ foundBy, result }) => ({
    isFlawed: foundBy.includes(check),
    outcome: result.outcomes.find((each) => each.check === check)?.outcome ?? 'not-tested',
  }));
  const count = (isFlawed: boolean, outcome: string): number =>
    seen.filter((each) => each.isFlawed === isFlawed && each.outcome === outcome).length;
  const missed = count(true, 'passed') + count(true, 'not-tested');
  const counts = [count(true, 'finding'), missed, count(false, 'finding'), count(false, 'passed')];
  return [`\`${check}\``, ...[...counts, count(false, 'not-tested')].map(String)];
}

function findingsOf({ outcomes }: ScanResult): string {
  const found = outcomes.filter(({ outcome }) => outcome === 'finding').map(({ check }) => `\`${check}\``);
  return found.length === 0 ? 'nothing' : found.join(', ');
}

const gradeIn = ({ grade }: ScanResult): string => grade.letter ?? 'none';

/** A table as prettier writes it: every column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
