import { COULD_NOT_TEST } from '../monitoring/exit-status.js';
import { visibleText } from '../report/visible-text.js';
import type { CommandIo } from './command-io.js';
import { runDiffCommand } from './run-diff-command.js';
import { runDiscoverCommand } from './run-discover-command.js';
import { runPostmanCommand } from './run-postman-command.js';
import { runProxyCommand } from './run-proxy-command.js';
import { runScanCommand } from './run-scan-command.js';

type Subcommand = (args: readonly string[], io: CommandIo) => Promise<number>;

/** What the first argument may name. Anything else belongs to a scan, whose target has `://` in it. */
const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map([
  ['diff', runDiffCommand],
  ['discover', runDiscoverCommand],
  ['postman', runPostmanCommand],
  ['proxy', runProxyCommand],
]);

/**
 * Runs `secure-ws-scan` with its arguments.
 *
 * @returns the exit status.
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const [name = '', ...rest] = args;
  const subcommand = SUBCOMMANDS.get(name);
  try {
    return await (subcommand === undefined ? runScanCommand(args, io) : subcommand(rest, io));
  } catch (error) {
    io.note(visibleText(error instanceof Error ? error.message : 'The command failed.'));
    if (error instanceof TypeError) {
      io.note(`See secure-ws-scan ${subcommand === undefined ? '' : `${name} `}--help.`);
    }
    return COULD_NOT_TEST;
  }
}
