import type { ScanResult } from '@secure-ws/scanner';
import { GUARD_FLAWS } from '../guarded-nest.js';
import { table } from '../range-page.js';

/** What the scans of one dialect have said. */
export interface DialectRuns {
  readonly dialect: string;
  /** Of a server in order. */
  readonly inOrder: ScanResult;
  /** Of one with every flaw that its messages can have, and of one that asks nobody who he is. */
  readonly flawed: readonly ScanResult[];
}

/** The page of the guide that says which checks run in which dialect. Nothing in it is written by hand. */
export function dialectsPage(runs: readonly DialectRuns[]): string {
  const checks = runs[0]?.inOrder.outcomes.map(({ check }) => check) ?? [];
  return `# How often the checks are right, by dialect

\`npm run range\` in the repository starts a server of each [dialect](scanner-dialects.md) in order, one with every flaw that its messages can
have, and one that asks nobody who he is, and writes this page from what the [scanner](scanner.md) said of them. A test fails where the page
says anything else. Their handshakes are those of [the range](scanner-range.md), in order.

\`found\`: silent about the server in order, and found the flaw. \`silent\`: done, and right to find nothing, as no server of this page has such a
flaw. \`-\`: not tested, and said so.

${table([['check', ...runs.map(({ dialect }) => dialect)], ...checks.map((check) => [`\`${check}\``, ...runs.map((run) => cellOf(check, run))])])}

A gateway of Nest over \`ws\` with a guard and a \`ValidationPipe\` is scanned as well, with one flaw at a time: ${GUARD_FLAWS.map((flaw) => `\`${flaw}\``).join(', ')}.
`;
}

function cellOf(check: string, { inOrder, flawed }: DialectRuns): string {
  const outcomes = [inOrder, ...flawed].map(outcomesOf(check));
  const [first = 'not-tested', ...others] = outcomes;
  if (first === 'finding') return 'wrong';
  if (others.includes('finding')) return first === 'passed' ? 'found' : 'found, never silent';
  return first === 'passed' ? 'silent' : '-';
}

const outcomesOf =
  (check: string) =>
  ({ outcomes }: ScanResult): string =>
    outcomes.find((each) => each.check === check)?.outcome ?? 'not-tested';
