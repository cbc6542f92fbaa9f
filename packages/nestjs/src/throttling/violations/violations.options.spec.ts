import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { resolveViolationsOptions } from './violations.options.js';

function resolve(source: unknown): { options: unknown; problems: readonly string[]; warnings: number } {
  const problems = new BootProblems();
  const options = resolveViolationsOptions(new OptionReader(source, 'throttling.violations', problems));
  return { options, problems: problems.problems.map(({ where }) => where), warnings: problems.warnings.length };
}

describe('resolveViolationsOptions', () => {
  it('MV-17 fills the defaults of the design', () => {
    expect(resolve(undefined)).toEqual({
      options: {
        mode: 'enforce',
        budget: 100,
        decayPerSecond: 1,
        weights: {
          'bad-frame': 20,
          'bad-json': 10,
          forbidden: 3,
          'unknown-event': 1,
          throttled: 1,
          validation: 0.5,
        },
        firstDelayMs: 1000,
        maxDelayMs: 60_000,
      },
      problems: [],
      warnings: 0,
    });
  });

  it.each([
    [{ budget: 0 }, 'budget'],
    [{ budget: -1 }, 'budget'],
    [{ decayPerSecond: 0 }, 'decayPerSecond'],
    [{ decayPerSecond: NaN }, 'decayPerSecond'],
    [{ decayPerSecond: Infinity }, 'decayPerSecond'],
    [{ weights: { forbidden: 0 } }, 'weights.forbidden'],
    [{ weights: { forbidden: '3' } }, 'weights.forbidden'],
    [{ weights: { forbiden: 3 } }, 'weights.forbiden'],
    [{ weights: 3 }, 'weights'],
    [{ firstDelayMs: 5000, maxDelayMs: 4999 }, 'maxDelayMs'],
    [{ maxDelay: 5000 }, 'maxDelay'],
    [{ mode: 'off' }, 'mode'],
  ])('DP-02 refuses %j', (source, where) => {
    expect(resolve(source).problems).toEqual([`throttling.violations.${where}`]);
  });

  it('DP-02 takes an infinite budget, with a warning', () => {
    expect(resolve({ budget: Infinity })).toMatchObject({ problems: [], warnings: 1 });
  });

  it('DP-02 takes a budget that only reports, with a warning', () => {
    expect(resolve({ mode: 'report' })).toMatchObject({ options: { mode: 'report' }, problems: [], warnings: 1 });
  });
});
