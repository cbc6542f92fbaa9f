import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Benchmark, BenchmarkSettings } from './measure/benchmark.js';
import { dto } from './benchmarks/dto.js';
import { handshake } from './benchmarks/handshake.js';
import { connections } from './benchmarks/connections.js';
import { message } from './benchmarks/message.js';
import { siege } from './benchmarks/siege.js';
import { soak } from './benchmarks/soak.js';
import { store } from './benchmarks/store.js';

const BENCHMARKS: readonly Benchmark[] = [message, handshake, dto, connections, store, siege, soak];

const DEFAULT_ROUNDS = 9;

const VALUES: Readonly<Record<string, string>> = { window: ' N', client: ' spin|sleep', seconds: ' N', minutes: ' N' };

function list(): void {
  const width = Math.max(...BENCHMARKS.map(({ name }) => name.length));
  for (const { name, summary, options } of BENCHMARKS) {
    const own = options.map((option) => ` [--${option}${VALUES[option] ?? ''}]`).join('');
    process.stdout.write(`${name.padEnd(width)}  ${summary}${own}\n`);
  }
  process.stdout.write('\nnpm run bench -- <name> [--json FILE] [--rounds N] [--count N]\n');
}

function positiveInteger(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number above 0, not "${text}".`);
  return value;
}

function spinOrSleep(text: string | undefined): 'spin' | 'sleep' | undefined {
  if (text === undefined || text === 'spin' || text === 'sleep') return text;
  throw new Error(`--client takes spin or sleep, not "${text}".`);
}

interface CommandLine {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly settings: Omit<BenchmarkSettings, 'rounds'> & { readonly rounds: number | undefined };
  /** The options that not every benchmark reads. */
  readonly special: readonly string[];
}

function readCommandLine(): CommandLine {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string' },
      count: { type: 'string' },
      messages: { type: 'string' },
      window: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      floor: { type: 'boolean', default: false },
      calibrate: { type: 'boolean', default: false },
      client: { type: 'string' },
      steps: { type: 'boolean', default: false },
      metrics: { type: 'boolean', default: false },
    },
  });
  const { json, window, seconds, minutes, floor, calibrate, client, steps, metrics } = values;
  return {
    name: positionals[0],
    file: json,
    settings: {
      rounds: positiveInteger('rounds', values.rounds),
      count: positiveInteger('messages', values.messages) ?? positiveInteger('count', values.count),
      window: positiveInteger('window', window) ?? 8,
      floor,
      calibrate,
      steps,
      metrics,
      seconds: positiveInteger('seconds', seconds),
      minutes: positiveInteger('minutes', minutes),
      client: spinOrSleep(client),
    },
    special: Object.entries({ window, seconds, minutes, floor, calibrate, client, steps, metrics }).flatMap(
      ([option, value]) => (value === undefined || value === false ? [] : [option]),
    ),
  };
}

async function main(): Promise<void> {
  const { name, file, settings, special } = readCommandLine();
  if (name === undefined) {
    list();
    return;
  }
  const benchmark = BENCHMARKS.find((candidate) => candidate.name === name);
  if (benchmark === undefined) {
    list();
    throw new Error(`There is no benchmark "${name}": choose one of the above.`);
  }
  const unread = special.find((option) => !benchmark.options.some((known) => known === option));
  if (unread !== undefined) throw new Error(`The benchmark "${name}" does not read --${unread}.`);
  const {
    table,
    json,
    isFailed = false,
  } = await benchmark.run({
    ...settings,
    rounds: settings.rounds ?? benchmark.rounds ?? DEFAULT_ROUNDS,
  });
  process.stdout.write(`${table}\n`);
  if (isFailed) process.exitCode = 1;
  if (file !== undefined) await writeFile(file, `${JSON.stringify(json, undefined, 2)}\n`);
}

await main();
