import { cpus } from 'node:os';

/** What the command line may set. */
export interface BenchmarkSettings {
  /** How often every candidate is measured; each round measures all of them. */
  readonly rounds: number;
  /** Messages, connections or checks of one candidate in one round; each benchmark has its own default. */
  readonly count: number | undefined;
  /** How many messages of one connection are sent before their replies are awaited. */
  readonly window: number;
  /** Adds a plain TCP echo server, the limit of this runtime. */
  readonly floor: boolean;
  /** Adds a server with a known amount of work, to see whether the measurement finds that amount. */
  readonly calibrate: boolean;
  /** Measures each step of the chain by itself instead. */
  readonly steps: boolean;
  /** Measures the chain with metrics, alerts and tracing on, against the chain without. */
  readonly metrics: boolean;
  /** How long it takes, in minutes; each benchmark has its own default. */
  readonly minutes: number | undefined;
  /** How long connections are left alone, or under load, in seconds; each benchmark has its own default. */
  readonly seconds: number | undefined;
  /** Whether the client polls between replies or sleeps; each benchmark has its own default. */
  readonly client: 'spin' | 'sleep' | undefined;
}

/** What a benchmark hands back: a table for people, an object for machines. */
export interface BenchmarkReport {
  readonly table: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** Whether the process ends with 1. @default false: a goal that is missed is a figure */
  readonly isFailed?: boolean;
}

/** One entry of `npm run bench`. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** What it reads besides `rounds` and `count`; any other option is refused. */
  readonly options: readonly (
    'window' | 'floor' | 'calibrate' | 'client' | 'steps' | 'metrics' | 'seconds' | 'minutes'
  )[];
  /** How often every candidate is measured where nobody says. @default 9 */
  readonly rounds?: number;
  run(settings: BenchmarkSettings): Promise<BenchmarkReport>;
}

/** Where a figure was measured. Figures of two machines cannot be compared; ratios roughly can. */
export interface Environment {
  readonly node: string;
  readonly cpu: string;
  readonly cpus: number;
}

/** Describes this machine, without its name or paths. */
export function environment(): Environment {
  const all = cpus();
  return { node: process.version, cpu: all[0]?.model.trim() ?? 'unknown', cpus: all.length };
}
