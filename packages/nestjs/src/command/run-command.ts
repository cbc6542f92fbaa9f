import type { Command, CommandOutput } from './command.js';
import { keyCommand } from './key.command.js';
import { policyCommand } from './policy.command.js';

/** The subcommands, in the order in which they are listed. */
const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['key', keyCommand],
  ['policy', policyCommand],
]);

/**
 * Runs `secure-ws` with its arguments.
 *
 * @returns the exit status: 0, 1 when the command failed, 2 for arguments that there are not.
 */
export async function runCommand([name, ...args]: readonly string[], output: CommandOutput): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    output.out(usage());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    output.note(usage());
    return 2;
  }
  if (args.includes('--help')) {
    output.out(command.help);
    return 0;
  }
  try {
    await command.run(args, output);
    return 0;
  } catch (error) {
    output.note(error instanceof Error ? error.message : 'The command failed.');
    if (!(error instanceof TypeError)) return 1;
    output.note(`See secure-ws ${name} --help.`);
    return 2;
  }
}

function usage(): string {
  const lines = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return ['secure-ws <command> [--help]', '', ...lines].join('\n');
}
