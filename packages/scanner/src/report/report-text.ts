import { type Remediation, SEVERITIES } from '../checks/check.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { matrixLines } from '../matrix/report-matrix.js';
import type { Grade } from '../score/grade.js';
import { spokenOf } from './spoken.js';
import { visibleText } from './visible-text.js';

/** Which code a finding is shown with. */
export type RemediationFor = keyof Remediation;

/** A result as lines for a terminal: the worst first, then what could not be tested, then what passed. */
export function textReport(result: ScanResult, remediationFor: RemediationFor): readonly string[] {
  const { target, baseline, dialect, outcomes, matrix, grade, spent } = result;
  const of = (outcome: CheckOutcome['outcome']): CheckOutcome[] => outcomes.filter((one) => one.outcome === outcome);
  const findings = of('finding').sort(
    (one, other) => SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity),
  );
  const lines = [
    `${target}${dialect === undefined ? '' : `, which ${spokenOf(result)}`}`,
    ...(baseline.isAccepted ? [] : [baseline.says]),
    '',
    ...findings.flatMap((finding) => [...findingLines(finding, remediationFor), '']),
    ...briefLines('not tested', of('not-tested')),
    ...briefLines('passed', of('passed')),
    ...(matrix === undefined ? [] : [...matrixLines(matrix), '']),
    gradeLine(grade),
    `${spent.connections} connections, ${spent.messages} messages`,
  ];
  return lines.map(visibleText);
}

function findingLines(
  { check, title, severity, confidence, says, cwe, asvs, evidence, remediation }: CheckOutcome,
  remediationFor: RemediationFor,
): readonly string[] {
  return [
    `${severity.padEnd(9)} ${check}: ${title}`,
    `  ${says} (${confidence}, CWE-${cwe}, ASVS 5.0 ${asvs})`,
    ...evidence.map(({ sent, got }) => `  ${sent} -> ${got}`),
    ...remediation[remediationFor].split('\n').map((line) => `  | ${line}`),
  ];
}

function briefLines(title: string, outcomes: readonly CheckOutcome[]): readonly string[] {
  if (outcomes.length === 0) return [];
  return [...outcomes.map(({ check, says }) => `${title.padEnd(11)} ${check}: ${says}`), ''];
}

function gradeLine({ letter, points, tested, total }: Grade): string {
  const done = `${tested} of ${total} checks were done`;
  return letter === undefined
    ? `No grade: ${done}, and it takes more for one.`
    : `Grade ${letter}: ${points} points, ${done}.`;
}
