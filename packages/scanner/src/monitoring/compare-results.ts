import { type Evidence, SEVERITIES } from '../checks/check.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';

/** What is different between an earlier scan of an endpoint and a later one. */
export interface Comparison {
  readonly target: string;
  readonly before: ScanResult['grade'];
  readonly after: ScanResult['grade'];
  /** Findings that the earlier scan did not have, had less severe, or had about less. */
  readonly fresh: readonly CheckOutcome[];
  /** What was found before, and was seen to be right now. */
  readonly mended: readonly CheckOutcome[];
  /** What is found as before. */
  readonly known: readonly CheckOutcome[];
  /** What was tested before, and could not be tested now: it is not mended. */
  readonly lost: readonly CheckOutcome[];
}

/** Compares two scans of one endpoint, check by check. A check that the earlier one did not know is new. */
export function compareResults(earlier: ScanResult, later: ScanResult): Comparison {
  const before = new Map(earlier.outcomes.map((outcome) => [outcome.check, outcome]));
  const of = (outcome: CheckOutcome['outcome']): CheckOutcome[] =>
    later.outcomes.filter((one) => one.outcome === outcome);
  const isKnown = ({ check, severity, evidence }: CheckOutcome): boolean => {
    const old = before.get(check);
    const isNoWorse = old?.outcome === 'finding' && SEVERITIES.indexOf(old.severity) >= SEVERITIES.indexOf(severity);
    return isNoWorse && hasNothingNew(old, evidence);
  };
  return {
    target: later.target,
    before: earlier.grade,
    after: later.grade,
    fresh: of('finding').filter((one) => !isKnown(one)),
    mended: of('passed').filter(({ check }) => before.get(check)?.outcome === 'finding'),
    known: of('finding').filter(isKnown),
    lost: of('not-tested').filter(({ check }) => ['finding', 'passed'].includes(before.get(check)?.outcome ?? '')),
  };
}

/** Whether a finding is about nothing that the earlier one was not about: a second leak of one check is new. */
function hasNothingNew(old: CheckOutcome, evidence: readonly Evidence[]): boolean {
  const known = new Set(old.evidence.flatMap(({ about }) => about ?? []));
  // Reports of releases that did not say what they are about are compared by the check alone.
  if (known.size === 0) return true;
  return evidence.every(({ about }) => about === undefined || known.has(about));
}

/** What is different between two sets of endpoints. */
export interface EndpointChanges {
  /** Endpoints that the earlier scans did not have. */
  readonly added: readonly ScanResult[];
  /** Endpoints of the earlier scans that nobody has scanned later. */
  readonly gone: readonly ScanResult[];
  readonly compared: readonly Comparison[];
}

/** Compares scans of several endpoints, which are told apart by their addresses. */
export function compareEndpoints(earlier: readonly ScanResult[], later: readonly ScanResult[]): EndpointChanges {
  const old = new Map(earlier.map((result) => [result.target, result]));
  const targets = new Set(later.map(({ target }) => target));
  return {
    added: later.filter(({ target }) => !old.has(target)),
    gone: earlier.filter(({ target }) => !targets.has(target)),
    compared: later.flatMap((result) => {
      const before = old.get(result.target);
      return before === undefined ? [] : [compareResults(before, result)];
    }),
  };
}
