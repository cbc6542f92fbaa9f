import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Benchmark, BenchmarkSettings } from './measure/benchmark.js';
import { dto } from './benchmarks/dto.js';
import { handshake } from './benchmarks/handshake.js';
import { memory } from './benchmarks/memory.js';
import { message } from './benchmarks/message.js';

const BENCHMARKS: readonly Benchmark[] = [message, handshake, dto, memory];

function list(): void {
  const width = Math.max(...BENCHMARKS.map(({ name }) => name.length));
  for (const { name, summary } of BENCHMARKS) process.stdout.write(`${name.padEnd(width)}  ${summary}\n`);
  process.stdout.write('\nnpm run bench -- <name> [--json FILE] [--rounds N] [--count N] [--window N]\n');
}

function positiveInteger(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number above 0, not "${text}".`);
  return value;
}

function readCommandLine(): { name: string | undefined; file: string | undefined; settings: BenchmarkSettings } {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string' },
      count: { type: 'string' },
      messages: { type: 'string' },
      window: { type: 'string' },
    },
  });
  return {
    name: positionals[0],
    file: values.json,
    settings: {
      rounds: positiveInteger('rounds', values.rounds) ?? 9,
      count: positiveInteger('messages', values.messages) ?? positiveInteger('count', values.count),
      window: positiveInteger('window', values.window) ?? 8,
    },
  };
}

async function main(): Promise<void> {
  const { name, file, settings } = readCommandLine();
  if (name === undefined) {
    list();
    return;
  }
  const benchmark = BENCHMARKS.find((candidate) => candidate.name === name);
  if (benchmark === undefined) {
    list();
    throw new Error(`There is no benchmark "${name}": choose one of the above.`);
  }
  const { table, json } = await benchmark.run(settings);
  process.stdout.write(`${table}\n`);
  if (file !== undefined) await writeFile(file, `${JSON.stringify(json, undefined, 2)}\n`);
}

await main();
