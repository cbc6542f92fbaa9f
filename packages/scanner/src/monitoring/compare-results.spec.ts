import { describe, expect, it } from 'vitest';
import type { Severity } from '../checks/check.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { compareEndpoints, compareResults } from './compare-results.js';
import { type FailOn, statusOfChanges, statusOfComparison, statusOfScan } from './exit-status.js';

type Given = readonly [check: string, outcome: CheckOutcome['outcome'], severity?: Severity];

function resultOf(given: readonly Given[], letter: 'A' | 'B' | 'C' | 'none' = 'B', target = 'ws://a/'): ScanResult {
  return {
    target,
    baseline: { isAccepted: true, says: 'The good handshake was accepted.' },
    dialect: 'json',
    outcomes: given.map(([check, outcome, severity = 'medium']) => ({
      ...{ check, outcome, severity, title: check, says: `${check}.`, confidence: 'firm', requirements: [], cwe: 1 },
      ...{ asvs: '1.1.1', evidence: [], remediation: { nest: '', ws: '', socketIo: '' } },
    })),
    grade: { letter: letter === 'none' ? undefined : letter, points: 80, tested: given.length, total: given.length },
    matrix: undefined,
    spent: { connections: 1, messages: 1 },
  };
}

const idsOf = (outcomes: readonly CheckOutcome[]): readonly string[] => outcomes.map(({ check }) => check);

describe('a scan beside an earlier one', () => {
  it('SC-03 tells new, worse, mended, known and lost apart', () => {
    const earlier = resultOf([
      ['same', 'finding'],
      ['milder', 'finding', 'high'],
      ['worse', 'finding', 'low'],
      ['mended', 'finding'],
      ['gone', 'passed'],
      ['unseen', 'finding'],
      ['never', 'not-tested'],
      ['broken', 'passed'],
    ]);
    const later = resultOf([
      ['same', 'finding'],
      ['milder', 'finding', 'medium'],
      ['worse', 'finding', 'medium'],
      ['mended', 'passed'],
      ['gone', 'not-tested'],
      ['unseen', 'not-tested'],
      ['never', 'not-tested'],
      ['broken', 'finding'],
      ['other-release', 'finding'],
    ]);
    const { fresh, mended, known, lost } = compareResults(earlier, later);
    expect(idsOf(fresh)).toEqual(['worse', 'broken', 'other-release']);
    expect(idsOf(mended)).toEqual(['mended']);
    expect(idsOf(known)).toEqual(['same', 'milder']);
    // SC-04: what could not be tested is not mended.
    expect(idsOf(lost)).toEqual(['gone', 'unseen']);
  });

  it.each<readonly [earlier: readonly (string | undefined)[], later: readonly string[], isFresh: boolean]>([
    [['note.read as B'], ['note.read as B'], false],
    [['note.read as B', 'note.list as B'], ['note.read as B'], false],
    [['note.read as B'], ['note.read as B', 'note.purge as B'], true],
    [[undefined], ['note.purge as B'], false],
  ])('SC-03 a finding about %j and then about %j of the same check is new: %s', (before, after, isFresh) => {
    const withEvidence = (about: readonly (string | undefined)[]): ScanResult => {
      const result = resultOf([['a', 'finding']], 'C');
      const evidence = about.map((one) => ({ sent: 'x', got: 'y', ...(one !== undefined && { about: one }) }));
      return { ...result, outcomes: result.outcomes.map((outcome) => ({ ...outcome, evidence })) };
    };
    const { fresh, known } = compareResults(withEvidence(before), withEvidence(after));
    expect([fresh.length, known.length]).toEqual(isFresh ? [1, 0] : [0, 1]);
  });

  it.each<readonly [earlier: Given, later: Given, letter: 'A' | 'C' | 'none', failOn: FailOn, status: number]>([
    [['a', 'finding'], ['a', 'finding'], 'C', 'low', 0],
    [['a', 'passed'], ['a', 'finding'], 'C', 'medium', 1],
    [['a', 'passed'], ['a', 'finding'], 'C', 'high', 0],
    [['a', 'passed'], ['a', 'finding'], 'C', 'never', 0],
    [['a', 'finding', 'low'], ['a', 'finding', 'medium'], 'C', 'medium', 1],
    [['a', 'passed'], ['a', 'not-tested'], 'A', 'medium', 2],
    [['a', 'not-tested'], ['a', 'not-tested'], 'A', 'medium', 0],
    [['a', 'passed'], ['a', 'passed'], 'none', 'medium', 2],
  ])('SC-03 SC-04 %j and then %j, grade %s, --fail-on %s ends with %i', (before, after, letter, failOn, status) => {
    const comparison = compareResults(resultOf([before]), resultOf([after], letter));
    expect(statusOfComparison(comparison, failOn)).toBe(status);
    const changes = compareEndpoints([resultOf([before])], [resultOf([after], letter)]);
    expect(statusOfChanges(changes, failOn)).toBe(status);
  });

  it('SC-03 tells endpoints apart: a new one ends with 1 whatever its grade, one that is gone with 2', () => {
    const [one, two] = [resultOf([['a', 'passed']], 'A', 'ws://a/'), resultOf([['a', 'passed']], 'A', 'ws://b/')];
    const added = compareEndpoints([one], [one, two]);
    expect(added).toMatchObject({ added: [two], gone: [], compared: [{ target: 'ws://a/' }] });
    expect([statusOfChanges(added, 'critical'), statusOfChanges(added, 'never')]).toEqual([1, 0]);
    const gone = compareEndpoints([one, two], [one]);
    expect(gone).toMatchObject({ added: [], gone: [two] });
    // SC-04: nobody has scanned it, or the scan wrote no report.
    expect([statusOfChanges(gone, 'low'), statusOfChanges(gone, 'never')]).toEqual([2, 2]);
    const found = compareEndpoints([one, two], [resultOf([['a', 'finding']], 'C', 'ws://a/')]);
    expect(statusOfChanges(found, 'low')).toBe(1);
  });

  it('SC-04 a scan alone ends with 2 without a grade, unless something was found', () => {
    expect(statusOfScan(resultOf([['a', 'passed']], 'none'), 'medium')).toBe(2);
    expect(statusOfScan(resultOf([['a', 'finding']], 'none'), 'medium')).toBe(1);
    expect(statusOfScan(resultOf([['a', 'finding']], 'C'), 'high')).toBe(0);
  });
});
