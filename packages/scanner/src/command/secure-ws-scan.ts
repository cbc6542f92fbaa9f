#!/usr/bin/env node
import { runCommand } from './run-command.js';
import { untilStopped } from './until-stopped.js';

const { stdin, stdout, stderr, env } = process;

// Whoever read it has gone, as in `| head`. The scan goes on: its reports and its exit status are still wanted.
for (const stream of [stdout, stderr]) stream.on('error', () => undefined);

process.exitCode = await runCommand(process.argv.slice(2), {
  env,
  stdin,
  untilStopped,
  out: (line) => stdout.write(`${line}\n`),
  note: (line) => stderr.write(`${line}\n`),
});
