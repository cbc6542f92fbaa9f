import { visibleText } from '../../core/visible-text.js';
import { type Finding, SEVERITIES } from './finding.js';

/** The lines of a report for a terminal. */
export function reportLines(findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0) return ['Nothing found.'];
  const told = findings.flatMap(({ rule, severity, place, problem, fix }) => [
    `${severity.padEnd(8)} ${rule}`,
    `  ${place} ${problem}`,
    `  -> ${fix}`,
    '',
  ]);
  return [...told, counts(findings)].map(visibleText);
}

function counts(findings: readonly Finding[]): string {
  const parts = SEVERITIES.toReversed().map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return `${count} ${severity}${count === 1 ? '' : 's'}`;
  });
  return parts.join(', ');
}
