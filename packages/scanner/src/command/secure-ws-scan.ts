#!/usr/bin/env node
import { runCommand } from './run-command.js';
import { untilStopped } from './until-stopped.js';

const { stdin, stdout, stderr, env } = process;

process.exitCode = await runCommand(process.argv.slice(2), {
  env,
  stdin,
  untilStopped,
  out: (line) => stdout.write(`${line}\n`),
  note: (line) => stderr.write(`${line}\n`),
});
