import { compareEndpoints } from '../monitoring/compare-results.js';
import { CLEAN, COULD_NOT_TEST, FOUND, statusOfChanges, statusOfScan } from '../monitoring/exit-status.js';
import { changesReport } from '../monitoring/report-changes.js';
import { renderReport } from '../report/render-report.js';
import { visibleText } from '../report/visible-text.js';
import { scan, type ScanOptions } from '../scan.js';
import type { ScanResult } from '../scan-result.js';
import { readTarget } from '../scope/scan-target.js';
import type { CommandIo } from './command-io.js';
import { readArguments, type ScanArguments } from './read-arguments.js';
import { reportNameFor } from './read-endpoints.js';
import { SharedLimits } from './shared-limits.js';
import { writeReports } from './write-reports.js';

/** What `--help` shows. */
export const HELP = `secure-ws-scan TARGET [--origin ORIGIN] [--token env:NAME] [--cookie env:NAME]
               [--subprotocol NAME | env:NAME]... [--subprotocol-b env:NAME]
               [--token-b env:NAME] [--cookie-b env:NAME] [--token-expired env:NAME] [--shared EVENT]... [--lock FILE]
               [--public-key FILE] [--signing-key file:PATH] [--token-expiring env:NAME] [--logout-command COMMAND]
               [--ca FILE] [--plain-port N]
               [--messages FILE] [--endpoints FILE] [--for nest|ws|socket.io] [--json | --sarif] [--output FILE]...
               [--baseline FILE] [--fail-on SEVERITY]
               [--rate N] [--connections N] [--seconds N] [--wait MS] [--idle N] [--check ID]... [--disruptive] [--i-am-allowed]

secure-ws-scan diff OLD NEW
secure-ws-scan discover PAGE --output FILE.json
secure-ws-scan postman ASYNCAPI.json
secure-ws-scan proxy --target TARGET --output FILE.har

Attacks one WebSocket endpoint from outside, and tells what is weak, how sure that is, and what to write.
"diff" compares two reports, "discover" looks for endpoints, "postman" makes a collection, "proxy" shows, changes and
records what a client and a server say: see secure-ws-scan diff --help.

  TARGET          wss://api.example.com/orders. No other host is contacted
  --origin        an Origin that the server admits
  --token         a token, sent as "Authorization: Bearer": env:NAME, file:PATH, or - for standard input
  --cookie        the same for the Cookie field
  --token-b, --cookie-b
                  a second account, which must not do what the messages do
  --token-expired a token that was good once
  --token-expiring a token that expires within two minutes: a connection must not outlive it
  --logout-command a command that logs the first account out, run at the end
  --shared        an event that the second account may send as well; may be repeated
  --lock          secure-ws.lock.json: what is declared beside what is seen
  --public-key    a file with the key that tokens are verified with, in PEM
  --signing-key   the private key (PEM) or the secret that tokens are signed with: for good signatures on wrong claims
  --ca            a file with your own certificate authority, in PEM
  --plain-port    a port of the host that must not take ws:// beside the wss:// of the target (80 beside 443 is tried)
  --subprotocol   what the handshake offers; may be repeated. A token there is a credential: env:NAME or file:PATH
  --subprotocol-b that of the second account
  --messages      messages that the server answers or refuses, one a line as they go over the wire;
                  or a .har that a browser has recorded: what was sent to the host of the target
  --endpoints     what "discover --output" has found: each of them is scanned that is on the host of TARGET,
                  --connections and --seconds, where they are given, are for all of them together
  --for           which code findings are shown with (default: nest)
  --json, --sarif print JSON, or SARIF 2.1.0 for code scanning
  --output        also writes a report into a file, in the form that its name ends with: .txt, .json, .sarif,
                  .xml (JUnit) or .html; may be repeated
  --baseline      an earlier report (.json), with --endpoints a folder of them: only what is new beside it
                  makes the exit status 1
  --fail-on       low, medium, high, critical or never: from where on the exit status is 1 (default: medium)
  --rate          connections in a second (default: 10)
  --connections   how many in all (default: 300)
  --seconds       how long it may take (default: 300)
  --wait          milliseconds that a handler may take to answer (default: 500)
  --idle          seconds that a connection is watched that does, or reads, nothing, with --disruptive (default: 60)
  --check         runs this check alone; may be repeated. What is not tested earns nothing: less than half is no grade
  --disruptive    also run what loads the target or may lock the account out
  --i-am-allowed  the owner agrees: needed for every host but this machine

Exit status: 0 nothing as bad as --fail-on, 1 found, 2 wrong arguments, or the target could not be tested.`;

/**
 * Scans a target.
 *
 * @returns the exit status.
 * @throws TypeError for wrong arguments.
 */
export async function runScanCommand(args: readonly string[], io: CommandIo): Promise<number> {
  if (args.includes('--help')) {
    io.out(HELP);
    return CLEAN;
  }
  const given = await readArguments(args, io);
  const { endpoints } = given;
  const results: ScanResult[] = [];
  if (endpoints === undefined) await scanOne(given, io, (result) => void results.push(result));
  const failed = endpoints === undefined ? 0 : await scanEach(given, endpoints, io, results);
  const statuses = [...statusesOf(given, results, io), ...(failed > 0 ? [COULD_NOT_TEST] : [])];
  // What was found is told, whatever could not be tested beside it.
  return statuses.includes(FOUND) ? FOUND : Math.max(...statuses);
}

/** Scans one endpoint after the other. What one of them fails by does not keep the others from being scanned. @returns how many failed. */
async function scanEach(
  given: ScanArguments,
  endpoints: readonly string[],
  io: CommandIo,
  results: ScanResult[],
): Promise<number> {
  const shared = new SharedLimits(given.options.limits ?? {}, endpoints.length);
  let failed = 0;
  for (const [index, target] of endpoints.entries()) {
    const outputs = given.outputs.map((path) => reportNameFor(path, target, index));
    // What discovery has found beside the reviewed endpoints is what a lock is for.
    const options = { ...given.options, target, limits: shared.next(), mayLackEndpoint: true };
    try {
      await scanOne({ ...given, outputs, options }, io, (result) => {
        shared.spend(result.spent);
        results.push(result);
      });
    } catch (error) {
      failed++;
      const { protocol, host, pathname } = new URL(target);
      const says = error instanceof Error ? error.message : 'The scan failed.';
      io.note(visibleText(`${protocol}//${host}${pathname}: ${says}`));
    }
  }
  return failed;
}

function statusesOf({ earlier, failOn }: ScanArguments, results: readonly ScanResult[], io: CommandIo): number[] {
  if (earlier === undefined) return results.map((result) => statusOfScan(result, failOn));
  const changes = compareEndpoints(earlier, results);
  for (const line of changesReport(changes)) io.note(line);
  return [statusOfChanges(changes, failOn)];
}

async function scanOne(
  { options, endpoints, format, outputs, earlier, remediationFor }: ScanArguments,
  io: CommandIo,
  onResult: (result: ScanResult) => void,
): Promise<void> {
  if (endpoints === undefined) checkEarlier(earlier?.[0], options);
  const onOutcome = ({ check, outcome }: { check: string; outcome: string }): void => io.note(`${check}: ${outcome}`);
  const result = await scan({ ...options, onOutcome });
  onResult(result);
  // Printed first: a disk that has filled up meanwhile must not cost the whole scan.
  io.out(renderReport(result, format, remediationFor));
  await writeReports(result, outputs, remediationFor);
}

/** A report of another endpoint would make what is new here look known. */
function checkEarlier(earlier: ScanResult | undefined, { target, isAllowed }: ScanOptions): void {
  const { shown } = readTarget(target, { isAllowed: isAllowed === true });
  if (earlier === undefined || earlier.target === shown) return;
  throw new TypeError(
    `--baseline is a report of ${earlier.target}, and not of ${shown}: take one of the same address.`,
  );
}
