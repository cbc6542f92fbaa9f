#!/usr/bin/env node
import { Console } from 'node:console';
import type { Writable } from 'node:stream';
import { runCommand } from './run-command.js';

const { stdout, stderr } = process;
const writeOut = stdout.write.bind(stdout);

// What an application says while it is put together is not the result of the command: console, and the logger of Nest.
globalThis.console = new Console(stderr, stderr);
stdout.write = stderr.write.bind(stderr);

/** As a shell tells of a filter that SIGPIPE has ended, which Node ignores: 128 and its number. */
const CLOSED_PIPE_STATUS = 141;

// Whoever read the result has gone, as in `| head`: there is nothing left to do.
stdout.on('error', () => process.exit(CLOSED_PIPE_STATUS));
stderr.on('error', () => undefined);

const status = await runCommand(process.argv.slice(2), {
  out: (line) => writeOut(`${line}\n`),
  note: (line) => stderr.write(`${line}\n`),
});

// An application that was loaded may leave timers and sockets open; what was written must be out before the process ends.
await Promise.all([written(writeOut), written(stderr.write.bind(stderr))]);
process.exit(status);

function written(write: Writable['write']): Promise<void> {
  return new Promise((resolve) => {
    write('', () => resolve());
  });
}
