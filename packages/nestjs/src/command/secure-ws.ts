#!/usr/bin/env node
import { Console } from 'node:console';
import type { Writable } from 'node:stream';
import { runCommand } from './run-command.js';

const { stdout, stderr } = process;

// What an application says while it is put together is not the result of the command.
globalThis.console = new Console(stderr, stderr);

const status = await runCommand(process.argv.slice(2), {
  out: (line) => stdout.write(`${line}\n`),
  note: (line) => stderr.write(`${line}\n`),
});

// An application that was loaded may leave timers and sockets open; what was written must be out before the process ends.
await Promise.all([written(stdout), written(stderr)]);
process.exit(status);

function written(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
