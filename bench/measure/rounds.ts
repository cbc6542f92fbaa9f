/** Something whose cost is measured. */
export interface Candidate {
  readonly name: string;
  /** Does one slice of the work, and gives what one unit of it cost. */
  measure(): Promise<number>;
}

const WARM_UP_ROUNDS = 2;

/** How often the turn goes round the candidates within one round. */
export const SLICES = 10;

/**
 * Measures all candidates in every round, in short slices that alternate and begin with another candidate each time. What
 * disturbs a machine (a neighbour, turbo, the scheduler) lasts for seconds and falls on all of them alike; a
 * garbage collection belongs to its candidate and stays in its sum. Two rounds before that are thrown away: they compile
 * the hot code.
 *
 * @returns one value of each candidate for each round.
 */
export async function measureInRounds(
  candidates: readonly Candidate[],
  rounds: number,
): Promise<Map<string, number[]>> {
  const results = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const costs = await measureRound(candidates);
    if (round < 0) continue;
    for (const [name, cost] of costs) results.get(name)?.push(cost);
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  return results;
}

async function measureRound(candidates: readonly Candidate[]): Promise<Map<string, number>> {
  const costs = new Map(candidates.map(({ name }) => [name, 0]));
  for (let slice = 0; slice < SLICES; slice++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const candidate = candidates[(slice + turn) % candidates.length];
      if (candidate === undefined) continue;
      costs.set(candidate.name, (costs.get(candidate.name) ?? 0) + (await candidate.measure()) / SLICES);
    }
  }
  return costs;
}
