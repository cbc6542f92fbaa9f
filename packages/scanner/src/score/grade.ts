import { type Confidence, type Severity, SEVERITIES } from '../checks/check.js';

/** The grades, the best first. */
export const GRADES = ['A', 'B', 'C', 'D', 'E', 'F'] as const;

/** What a target is worth. */
export interface Grade {
  /** `undefined` where too little could be tested for one. */
  readonly letter: (typeof GRADES)[number] | undefined;
  /** 0 to 100. */
  readonly points: number;
  /** How many checks were done, and how many there are. */
  readonly tested: number;
  readonly total: number;
}

/** As much of an outcome as counts. */
export interface GradedOutcome {
  readonly outcome: 'finding' | 'passed' | 'not-tested';
  readonly severity: Severity;
  readonly confidence: Confidence;
}

/** What a finding costs. Whatever else is right, one critical finding is an F. */
const COST: Readonly<Record<Severity, number>> = { critical: 60, high: 25, medium: 10, low: 3 };
const SURE: Readonly<Record<Confidence, number>> = { certain: 1, firm: 1, tentative: 0.5 };

/** The best grade beside a finding that is not tentative. */
const BEST: Readonly<Record<Severity, number>> = { critical: 5, high: 2, medium: 1, low: 0 };

/** From how many points on a grade is given: A, B, C, D, E. */
const FROM = [90, 80, 70, 60, 50];

/** Less than this share of the checks done is no ground for a grade. */
const MIN_TESTED = 0.5;

/**
 * The arithmetic: 100 points, less what each finding costs (half, where it is tentative), not below 0. The letter is that of
 * the points, and no better than the worst finding allows. What was not tested costs nothing and earns nothing; where fewer
 * than half of the checks could be done there is no letter but F, for which what was found is enough. Where the good handshake
 * was refused there is none.
 */
export function gradeOf(outcomes: readonly GradedOutcome[], isBaselineAccepted: boolean): Grade {
  const findings = outcomes.filter(({ outcome }) => outcome === 'finding');
  const tested = outcomes.filter(({ outcome }) => outcome !== 'not-tested').length;
  const cost = findings.reduce((sum, { severity, confidence }) => sum + COST[severity] * SURE[confidence], 0);
  const points = Math.max(0, Math.round(100 - cost));
  const byPoints = FROM.findIndex((from) => points >= from);
  const byWorst = findings.filter(({ confidence }) => confidence !== 'tentative').map(({ severity }) => BEST[severity]);
  const place = Math.max(byPoints === -1 ? GRADES.length - 1 : byPoints, ...byWorst);
  const isEnough = tested >= outcomes.length * MIN_TESTED || place === GRADES.length - 1;
  return { letter: isBaselineAccepted && isEnough ? GRADES[place] : undefined, points, tested, total: outcomes.length };
}

/** Whether a severity is as bad as another. */
export function isAsBadAs(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}
