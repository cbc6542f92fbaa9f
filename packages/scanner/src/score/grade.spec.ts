import { describe, expect, it } from 'vitest';
import type { Confidence, Severity } from '../checks/check.js';
import { gradeOf, type GradedOutcome, isAsBadAs } from './grade.js';

const found = (severity: Severity, confidence: Confidence = 'certain'): GradedOutcome => ({
  outcome: 'finding',
  severity,
  confidence,
});
const passed: GradedOutcome = { outcome: 'passed', severity: 'high', confidence: 'certain' };
const notTested: GradedOutcome = { ...passed, outcome: 'not-tested' };

describe('gradeOf', () => {
  it.each<readonly [findings: readonly GradedOutcome[], letter: string, points: number]>([
    [[], 'A', 100],
    [[found('low')], 'A', 97],
    [[found('low'), found('low'), found('low')], 'A', 91],
    [[found('low'), found('low'), found('low'), found('low')], 'B', 88],
    [[found('medium', 'tentative')], 'A', 95],
    [[found('medium')], 'B', 90],
    [[found('medium'), found('medium'), found('medium')], 'C', 70],
    [[found('high', 'tentative')], 'B', 88],
    [[found('high', 'firm')], 'C', 75],
    [[found('high'), found('medium')], 'D', 65],
    [[found('high'), found('high')], 'E', 50],
    [[found('critical')], 'F', 40],
    [[found('critical', 'tentative')], 'C', 70],
    [[found('critical'), found('critical')], 'F', 0],
  ])('grades %j with %s', (findings, letter, points) => {
    const outcomes = [...findings, ...findings.map(() => passed), passed, notTested];
    expect(gradeOf(outcomes, true)).toMatchObject({ letter, points });
  });

  it('SC-04 gives no letter where the good handshake was refused, or fewer than half of the checks were done', () => {
    expect(gradeOf([passed, passed], false).letter).toBeUndefined();
    expect(gradeOf([passed, notTested], true)).toEqual({ letter: 'A', points: 100, tested: 1, total: 2 });
    expect(gradeOf([passed, notTested, notTested], true)).toMatchObject({ letter: undefined, tested: 1, total: 3 });
    // What was found is enough for an F.
    const few = [found('critical'), passed, notTested, notTested, notTested];
    expect(gradeOf(few, true)).toMatchObject({ letter: 'F', tested: 2, total: 5 });
    expect(gradeOf(few, false).letter).toBeUndefined();
  });
});

it.each([
  ['high', 'medium', true],
  ['medium', 'medium', true],
  ['low', 'medium', false],
] as const)('%s is as bad as %s: %s', (severity, threshold, expected) => {
  expect(isAsBadAs(severity, threshold)).toBe(expected);
});
