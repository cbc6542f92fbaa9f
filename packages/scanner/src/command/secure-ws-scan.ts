#!/usr/bin/env node
import { runScanCommand } from './run-scan-command.js';

const { stdin, stdout, stderr, env } = process;

process.exitCode = await runScanCommand(process.argv.slice(2), {
  env,
  stdin,
  out: (line) => stdout.write(`${line}\n`),
  note: (line) => stderr.write(`${line}\n`),
});
