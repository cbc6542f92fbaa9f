import { visibleText } from '../core/visible-text.js';
import { auditCommand } from './audit/audit.command.js';
import type { Command, CommandOutput } from './command.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { explainCommand } from './explain/explain.command.js';
import { keyCommand } from './key.command.js';
import { policyCommand } from './policy.command.js';

/** The subcommands, in the order in which they are listed. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['audit', auditCommand],
  ['doctor', doctorCommand],
  ['explain', explainCommand],
  ['key', keyCommand],
  ['policy', policyCommand],
]);

/**
 * Runs `secure-ws` with its arguments.
 *
 * @returns the exit status: that of the command (0 where it says none), 1 when it failed, 2 for arguments that there are not.
 */
export async function runCommand([name, ...args]: readonly string[], output: CommandOutput): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    output.out(usage());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    output.note(`There is no command "${visibleText(name)}".\n\n${usage()}`);
    return 2;
  }
  if (args.includes('--help')) {
    output.out(command.help);
    return 0;
  }
  try {
    return (await command.run(args, output)) ?? 0;
  } catch (error) {
    // Texts of an application that failed, and of files that anybody may have written.
    const text = error instanceof Error ? error.message : 'The command failed.';
    output.note(text.split('\n').map(visibleText).join('\n'));
    if (!(error instanceof TypeError)) return 1;
    output.note(`See secure-ws ${name} --help.`);
    return 2;
  }
}

function usage(): string {
  const lines = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return ['secure-ws <command> [--help]', '', ...lines].join('\n');
}
