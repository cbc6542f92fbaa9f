import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { escapeMarkup } from './escape-markup.js';
import { visibleText } from './visible-text.js';

/**
 * A result as JUnit XML, for servers of continuous integration: one test case for each check. What could not be tested is
 * `skipped`, and never a test that passed; a scan without a good handshake is an `error` of its own.
 */
export function junitReport({ target, baseline, outcomes, grade }: ScanResult): string {
  const failures = outcomes.filter(({ outcome }) => outcome === 'finding').length;
  const skipped = outcomes.filter(({ outcome }) => outcome === 'not-tested').length;
  const errors = baseline.isAccepted ? 0 : 1;
  // Jenkins' schema has "skipped" in a suite, and not in the sum of all suites.
  const counts = `tests="${outcomes.length + errors}" failures="${failures}" errors="${errors}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="secure-ws-scan" ${counts}>`,
    `  <testsuite name="${attribute(target)}" ${counts} skipped="${skipped}">`,
    '    <properties>',
    `      <property name="grade" value="${grade.letter ?? 'none'}"/>`,
    `      <property name="points" value="${grade.points}"/>`,
    `      <property name="tested" value="${grade.tested} of ${grade.total}"/>`,
    '    </properties>',
    ...(baseline.isAccepted
      ? []
      : [
          `    <testcase classname="secure-ws-scan" name="good handshake">`,
          `      <error message="${attribute(baseline.says)}"/>`,
          '    </testcase>',
        ]),
    ...outcomes.flatMap(caseOf),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function caseOf(outcome: CheckOutcome): readonly string[] {
  const opening = `    <testcase classname="secure-ws-scan" name="${attribute(outcome.check)}"`;
  // The title is that of the fault: one that passed would be named by what is not so.
  if (outcome.outcome === 'passed') return [`${opening}/>`];
  return [`${opening}>`, `      ${insideOf(outcome)}`, '    </testcase>'];
}

function insideOf({ outcome, title, says, severity, confidence, cwe, asvs, evidence }: CheckOutcome): string {
  if (outcome === 'not-tested') return `<skipped message="${attribute(says)}"/>`;
  const lines = [
    `${title}: ${says} (${confidence}, CWE-${cwe}, ASVS 5.0 ${asvs})`,
    ...evidence.map(({ sent, got }) => `${sent} -> ${got}`),
  ];
  const text = lines.map((line) => escapeMarkup(visibleText(line))).join('\n');
  return `<failure type="${severity}" message="${attribute(says)}">${text}</failure>`;
}

const attribute = (text: string): string => escapeMarkup(visibleText(text));
