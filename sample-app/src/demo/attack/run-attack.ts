import { setTimeout as wait } from 'node:timers/promises';
import { Attacker, type Outcome } from './attacker.js';
import type { LoopbackTarget } from './loopback-target.js';
import { WAVES } from './waves.js';

/** The longest attack, in seconds. */
export const MAX_SECONDS = 600;

/** How many loopback addresses take turns. */
const ADDRESSES = 8;

/** Between two waves, in milliseconds. */
const PAUSE_MS = 500;

/** How an attack runs. */
export interface AttackOptions {
  /** 1 to {@link MAX_SECONDS}. */
  readonly seconds: number;
  /** Called once for each wave. */
  readonly onWave: (line: string) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** Runs wave after wave until the time is over. @returns how often each outcome was seen. */
export async function runAttack(
  target: LoopbackTarget,
  { seconds, onWave, signal }: AttackOptions,
): Promise<ReadonlyMap<Outcome, number>> {
  const seen = new Map<Outcome, number>();
  const end = Date.now() + Math.min(seconds, MAX_SECONDS) * 1000;
  for (let round = 0; Date.now() < end && signal?.aborted !== true; round++) {
    const wave = WAVES[round % WAVES.length];
    if (wave === undefined) break;
    const outcomes = await wave.run(new Attacker(target, 2 + (round % ADDRESSES)));
    for (const outcome of outcomes) seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    onWave(`${wave.name}: ${[...new Set(outcomes)].join(', ')}`);
    // Cut short by the signal, which is no failure.
    await wait(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return seen;
}
