import { parseArgs } from 'node:util';
import { SEVERITIES } from '../checks/check.js';
import { compareEndpoints } from '../monitoring/compare-results.js';
import { CLEAN, statusOfChanges } from '../monitoring/exit-status.js';
import { readResults } from '../monitoring/read-results.js';
import { changesReport } from '../monitoring/report-changes.js';
import { printableJson } from '../report/visible-text.js';
import type { CommandIo } from './command-io.js';
import { readChoice } from './read-choice.js';

/** What `secure-ws-scan diff --help` shows. */
export const DIFF_HELP = `secure-ws-scan diff OLD NEW [--fail-on SEVERITY] [--json]

Tells what has changed between two scans: endpoints, grades, findings. Nothing is contacted.

  OLD, NEW    a report that --output report.json has written, or a folder of them, one for each endpoint
  --fail-on   low, medium, high, critical or never: from where on a new finding makes the exit status 1 (default: medium)
  --json      prints JSON

Exit status: 0 nothing new, 1 a new finding or a new endpoint, 2 wrong arguments, or something that was tested before was not tested now:
a check, or a whole endpoint.`;

/**
 * Runs `secure-ws-scan diff`.
 *
 * @returns the exit status.
 * @throws TypeError for wrong arguments.
 */
export async function runDiffCommand(args: readonly string[], { out }: CommandIo): Promise<number> {
  if (args.includes('--help')) {
    out(DIFF_HELP);
    return CLEAN;
  }
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'fail-on': { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [earlier, later, ...others] = positionals;
  if (earlier === undefined || later === undefined || others.length > 0) {
    throw new TypeError(`secure-ws-scan diff takes two reports or folders, and got ${positionals.length}.`);
  }
  const failOn = readChoice('--fail-on', values['fail-on'] ?? 'medium', [...SEVERITIES, 'never']);
  const changes = compareEndpoints(await readResults('diff', earlier), await readResults('diff', later));
  if (values.json) out(printableJson(changes));
  else for (const line of changesReport(changes)) out(line);
  return statusOfChanges(changes, failOn);
}
