import { sarifReport } from '../report/report-sarif.js';
import { textReport } from '../report/report-text.js';
import { printableJson, visibleText } from '../report/visible-text.js';
import { scan } from '../scan.js';
import type { ScanResult } from '../scan-result.js';
import { isAsBadAs } from '../score/grade.js';
import { readArguments, type ScanArguments } from './read-arguments.js';
import type { SecretSources } from './read-secret.js';

/** Where the command writes, and reads its secrets. */
export interface CommandIo extends SecretSources {
  /** Its result, one call a line. */
  readonly out: (line: string) => void;
  /** What is said to whoever looks on: never part of the result. */
  readonly note: (line: string) => void;
}

const CLEAN = 0;
const FOUND = 1;
const COULD_NOT_TEST = 2;

/** What `--help` shows. */
export const HELP = `secure-ws-scan TARGET [--origin ORIGIN] [--token env:NAME] [--cookie env:NAME] [--subprotocol NAME]...
               [--messages FILE] [--for nest|ws|socket.io] [--json | --sarif] [--fail-on SEVERITY]
               [--rate N] [--connections N] [--seconds N] [--wait MS] [--disruptive] [--i-am-allowed]

Attacks one WebSocket endpoint from outside, and tells what is weak, how sure that is, and what to write.

  TARGET          wss://api.example.com/orders. No other host is contacted
  --origin        an Origin that the server admits
  --token         a token, sent as "Authorization: Bearer": env:NAME, file:PATH, or - for standard input
  --cookie        the same for the Cookie field
  --subprotocol   what the handshake offers; may be repeated
  --messages      messages that the server answers or refuses, one a line as they go over the wire
  --for           which code findings are shown with (default: nest)
  --json, --sarif print JSON, or SARIF 2.1.0 for code scanning
  --fail-on       low, medium, high, critical or never: from where on the exit status is 1 (default: medium)
  --rate          connections in a second (default: 10)
  --connections   how many in all (default: 200)
  --seconds       how long it may take (default: 300)
  --wait          milliseconds that a handler may take to answer (default: 500)
  --disruptive    also run what loads the target or may lock the account out
  --i-am-allowed  the owner agrees: needed for every host but this machine

Exit status: 0 nothing as bad as --fail-on, 1 found, 2 wrong arguments, or the target could not be tested.`;

/**
 * Runs `secure-ws-scan` with its arguments.
 *
 * @returns the exit status.
 */
export async function runScanCommand(args: readonly string[], io: CommandIo): Promise<number> {
  if (args.includes('--help')) {
    io.out(HELP);
    return CLEAN;
  }
  try {
    const read = await readArguments(args, io);
    const onOutcome = ({ check, outcome }: { check: string; outcome: string }): void => io.note(`${check}: ${outcome}`);
    const result = await scan({ ...read.options, onOutcome });
    report(result, read, io);
    return statusOf(result, read);
  } catch (error) {
    io.note(visibleText(error instanceof Error ? error.message : 'The scan failed.'));
    if (error instanceof TypeError) io.note('See secure-ws-scan --help.');
    return COULD_NOT_TEST;
  }
}

function report(result: ScanResult, { format, remediationFor }: ScanArguments, { out }: CommandIo): void {
  if (format === 'json') out(printableJson(result));
  else if (format === 'sarif') out(printableJson(sarifReport(result)));
  else for (const line of textReport(result, remediationFor)) out(line);
}

function statusOf({ outcomes, grade }: ScanResult, { failOn }: ScanArguments): number {
  const isFound =
    failOn !== 'never' &&
    outcomes.some(({ outcome, severity }) => outcome === 'finding' && isAsBadAs(severity, failOn));
  if (isFound) return FOUND;
  // Too little for a grade is too little for a green build.
  return grade.letter === undefined ? COULD_NOT_TEST : CLEAN;
}
