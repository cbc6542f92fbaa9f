import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../checks/registry.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { renderReport, type ReportForm } from './render-report.js';

const FORMS: readonly ReportForm[] = ['text', 'json', 'sarif', 'junit', 'html'];

/** A finding, a pass and one that could not be tested, of a server that answers with a text. */
function resultOf(got: string): ScanResult {
  const outcomes = CHECKS.slice(0, 3).map(({ id, ...check }, index): CheckOutcome => ({
    ...check,
    ...{ check: id, outcome: (['finding', 'passed', 'not-tested'] as const)[index] ?? 'passed', says: got },
    evidence: index === 0 ? [{ sent: got, got }] : [],
  }));
  return {
    ...{ target: 'ws://localhost/', baseline: { isAccepted: false, says: got }, dialect: undefined, outcomes },
    matrix: {
      columns: ['given'],
      rows: [{ event: got, message: got, declared: undefined, reactions: {} }],
    },
    grade: { letter: undefined, points: 0, tested: 2, total: CHECKS.length },
    spent: { connections: 1, messages: 1 },
  };
}

describe('renderReport', () => {
  it.each(FORMS)('SC-07 has nothing in %s that a runner of continuous integration takes for a command', (form) => {
    for (const got of [
      '##vso[task.prependpath]/tmp',
      '###[add-mask]e',
      '::add-mask::e',
      '\u00a0::set-output name=a::b',
    ]) {
      const lines = renderReport(resultOf(got), form, 'nest').split('\n');
      expect(lines.filter((line) => /##|^\s*::/.test(line))).toEqual([]);
    }
  });

  it('SC-07 has JSON that reads as what the server sent', () => {
    const got = '\\##vso[a] ::b \u202e';
    expect(JSON.parse(renderReport(resultOf(got), 'json', 'nest'))).toMatchObject({ baseline: { says: got } });
  });

  it('SC-07 has neither a link nor a placeholder of the server in a message of SARIF', () => {
    const sarif = JSON.parse(renderReport(resultOf('[log in](https://evil.example/) {0} \\'), 'sarif', 'nest')) as {
      runs: [{ results: { message: { text: string } }[] }];
    };
    const says = '\\[log in\\](https://evil.example/) {{0}} \\\\';
    expect(sarif.runs[0].results[0]?.message.text).toBe(`${says}\n${says} -> ${says}`);
  });

  it.each([
    ['ws://localhost/', 'localhost'],
    ['wss://api.example.com:8443/orders/a%20b?x=1', 'api.example.com/8443/orders/a%20b'],
    ['ws://[::1]:3000/orders', '--1/3000/orders'],
  ])('SC-07 names %s in SARIF as a file of no scheme, which is all that GitHub takes', (target, uri) => {
    const sarif = JSON.parse(renderReport({ ...resultOf('a'), target }, 'sarif', 'nest')) as {
      runs: [{ results: { locations: [{ physicalLocation: unknown; logicalLocations: unknown }] }[] }];
    };
    expect(sarif.runs[0].results[0]?.locations[0]).toMatchObject({
      physicalLocation: { artifactLocation: { uri } },
      logicalLocations: [{ fullyQualifiedName: target }],
    });
  });

  it('SC-04 has every check of its kind in SARIF, with a heading of the guide to read on', () => {
    const sarif = JSON.parse(renderReport(resultOf('a'), 'sarif', 'nest')) as {
      runs: [{ results: { kind: string }[]; tool: { driver: { rules: { helpUri: string }[] } } }];
    };
    const [{ results, tool }] = sarif.runs;
    expect(results.map(({ kind }) => kind)).toEqual(['fail', 'pass', 'open']);
    for (const { helpUri } of tool.driver.rules) {
      const [, page = '', id = ''] = /\/(docs\/guide\/[\w-]+\.md)#([\w-]+)$/.exec(helpUri) ?? [];
      const guide = readFileSync(new URL(`../../../../${page}`, import.meta.url), 'utf8');
      expect(guide).toContain(`\n### ${id}\n`);
    }
  });

  it('SC-03 names a test case of JUnit by its check, and none that passed by the fault', () => {
    const report = renderReport(resultOf('a'), 'junit', 'nest');
    const [found, passed] = CHECKS;
    expect(report).toContain(`name="${passed?.id}"/>`);
    expect(report).not.toContain(passed?.title);
    expect(report).toContain(`${found?.title}: a (`);
  });
});
