import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { visibleText } from '../report/visible-text.js';
import type { Comparison, EndpointChanges } from './compare-results.js';

/** What has changed as lines for a terminal, the new first. */
export function changesReport({ added, gone, compared }: EndpointChanges): readonly string[] {
  const lines = [
    ...added.flatMap(addedLines),
    ...compared.flatMap(comparisonReport),
    ...gone.map(({ target }) => `gone       ${target}`),
  ];
  return lines.map(visibleText);
}

function addedLines({ target, grade, outcomes }: ScanResult): readonly string[] {
  const findings = outcomes.filter(({ outcome }) => outcome === 'finding');
  return [`endpoint   ${target}: it is new, ${gradeOf(grade)}`, ...findings.map((one) => line('new', one))];
}

/** One endpoint, as it was and as it is. */
export function comparisonReport({ target, before, after, fresh, mended, known, lost }: Comparison): readonly string[] {
  const isSame = before.letter === after.letter && before.points === after.points;
  const lines = [
    `endpoint   ${target}: ${isSame ? `${gradeOf(after)}, as before` : `${gradeOf(before)} before, ${gradeOf(after)} now`}`,
    ...fresh.map((one) => line('new', one)),
    ...lost.map((one) => line('not tested', one)),
    ...mended.map((one) => line('mended', one)),
    ...known.map((one) => line('known', one)),
  ];
  return lines.map(visibleText);
}

const line = (word: string, { check, severity, outcome, says }: CheckOutcome): string =>
  `${word.padEnd(11)}${check}${outcome === 'finding' ? ` (${severity})` : ''}: ${says}`;

const gradeOf = ({ letter, points }: ScanResult['grade']): string =>
  letter === undefined ? 'no grade' : `grade ${letter} with ${points} points`;
