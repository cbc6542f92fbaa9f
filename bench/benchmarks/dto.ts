import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { environment, type Benchmark, type BenchmarkReport } from '../measure/benchmark.js';
import { measureInRounds, SLICES, type Candidate } from '../measure/rounds.js';
import { median, pairedRatio, round } from '../measure/statistics.js';
import { goalTable, table, type Goal } from '../measure/table.js';
import { loadDtoCompiler, type DtoCompiler } from '../orders/dto-compiler.js';
import { PAYLOAD_SAMPLES, type PayloadSample } from '../orders/payload-samples.js';

const CHECKS = 20_000;
const REFUSED_GOAL = 3;
/** Of the check behind a guard, which also remembers what it has judged. */
const GUARDED_GOAL = 0.15;
const ZOD_GOAL = 1;
const RIVALS = ['zod', 'typebox'] as const;
const RULES = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

/** CPU time of one check of a payload. */
export const dto: Benchmark = {
  name: 'dto',
  summary: 'the check of a flat, a nested and a list payload, beside plainToInstance and validate, zod and TypeBox',
  options: [],
  async run(settings) {
    const compiler = await loadDtoCompiler();
    const perSlice = Math.ceil((settings.count ?? CHECKS) / SLICES);
    const candidates = PAYLOAD_SAMPLES.flatMap((sample) => candidatesOf(sample, compiler, perSlice));
    const results = await measureInRounds(candidates, settings.rounds);
    return report(results, { rounds: settings.rounds, checks: SLICES * perSlice });
  },
};

function candidatesOf(sample: PayloadSample, compiler: DtoCompiler, count: number): Candidate[] {
  const { name, type, accepted, refused, rivals } = sample;
  const compiled = compiler.compilePayload(type);
  const guarded = compiler.compileGuarded(type);
  const isAccepted = (value: object): boolean => compiled.check(value) instanceof type;
  const isValid = async (value: object): Promise<boolean> =>
    (await validate(plainToInstance(type, value), RULES)).length === 0;
  return [
    { name: `${name} accepted`, measure: async () => cpuMicros(count, () => expect(isAccepted(accepted), true)) },
    {
      name: `${name} guarded`,
      measure: async () => cpuMicros(count, () => expect(guarded.check(accepted) instanceof type, true)),
    },
    { name: `${name} refused`, measure: async () => cpuMicros(count, () => expect(isAccepted(refused), false)) },
    {
      name: `${name} validate`,
      measure: async () => cpuMicros(count, async () => expect(await isValid(accepted), true)),
    },
    ...RIVALS.flatMap((rival) => [
      {
        name: `${name} ${rival}`,
        measure: async () => cpuMicros(count, () => expect(rivals[rival](accepted), true)),
      },
      {
        name: `${name} ${rival} refused`,
        measure: async () => cpuMicros(count, () => expect(rivals[rival](refused), false)),
      },
    ]),
  ];
}

async function cpuMicros(count: number, check: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done++) {
    const waiting = check();
    // A check that answers at once is not made to wait for a promise.
    if (waiting !== undefined) await waiting;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function expect(actual: boolean, expected: boolean): void {
  if (actual !== expected) throw new Error(`A payload was ${actual ? 'accepted' : 'refused'}, and must not be.`);
}

function report(results: Map<string, number[]>, setup: Readonly<Record<string, number>>): BenchmarkReport {
  const costs = (name: string): readonly number[] => results.get(name) ?? [];
  const goals = PAYLOAD_SAMPLES.flatMap(({ name, goal }): Goal[] => [
    {
      label: `${name}VsValidate`,
      reached: pairedRatio(costs(`${name} accepted`), costs(`${name} validate`)),
      goal,
    },
    {
      label: `${name}GuardedVsValidate`,
      reached: pairedRatio(costs(`${name} guarded`), costs(`${name} validate`)),
      goal: GUARDED_GOAL,
    },
    {
      label: `${name}VsZod`,
      reached: pairedRatio(costs(`${name} accepted`), costs(`${name} zod`)),
      goal: ZOD_GOAL,
    },
    {
      label: `${name}RefusedVsAccepted`,
      reached: pairedRatio(costs(`${name} refused`), costs(`${name} accepted`)),
      goal: REFUSED_GOAL,
    },
  ]);
  const rows = PAYLOAD_SAMPLES.map(({ name }) => [
    name,
    ...['accepted', 'guarded', 'zod', 'typebox', 'validate', 'refused', 'zod refused', 'typebox refused'].map((kind) =>
      median(costs(`${name} ${kind}`)).toFixed(2),
    ),
  ]);
  const heading = [
    'CPU for each check, in microseconds',
    ...['accepted', 'behind a guard', 'by zod', 'by TypeBox', 'plainToInstance + validate'],
    ...['refused', 'by zod', 'by TypeBox'],
  ];
  return {
    table: [
      table([heading, ...rows]),
      goalTable(goals),
      `${setup['rounds']} rounds of ${setup['checks']} checks.`,
    ].join('\n\n'),
    json: {
      ratios: Object.fromEntries(goals.map(({ label, reached }) => [label, reached])),
      cpuMicrosPerCheck: Object.fromEntries([...results].map(([name, values]) => [name, round(median(values), 3)])),
      environment: { ...environment(), ...setup },
    },
  };
}
