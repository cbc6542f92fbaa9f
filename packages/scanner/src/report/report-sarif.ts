import { createHash } from 'node:crypto';
import type { Check, Severity } from '../checks/check.js';
import { CHECKS } from '../checks/registry.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { packageVersion } from './package-version.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const GUIDE = 'https://github.com/secure-ws/secure-ws/blob/main/docs/guide/scanner.md';
/** Has a heading for each check. */
const CHECKS_GUIDE = 'https://github.com/secure-ws/secure-ws/blob/main/docs/guide/scanner-checks.md';

/**
 * SARIF 2.1.0 section 3.27.9: `open` is a rule that was evaluated without enough information to decide, which is what could not
 * be tested; `notApplicable` would be one that says nothing of such a target.
 */
const KINDS: Readonly<Record<CheckOutcome['outcome'], string>> = {
  finding: 'fail',
  passed: 'pass',
  'not-tested': 'open',
};

/** The words of SARIF, and the numbers that GitHub sorts by. */
const LEVELS: Readonly<Record<Severity, readonly [level: string, score: string]>> = {
  critical: ['error', '9.5'],
  high: ['error', '8.0'],
  medium: ['warning', '5.5'],
  low: ['note', '2.5'],
};

/**
 * A result in SARIF 2.1.0 (OASIS), for code scanning. What passed and what could not be tested stand in it as well, as
 * results of the kinds `pass` and `open`: a missing result never means that all is well.
 */
export function sarifReport(result: ScanResult): object {
  const { target, baseline, outcomes, grade } = result;
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'secure-ws-scan',
            informationUri: GUIDE,
            semanticVersion: packageVersion(),
            rules: CHECKS.map(ruleOf),
            supportedTaxonomies: [{ name: 'CWE', index: 0 }],
          },
        },
        taxonomies: [
          {
            name: 'CWE',
            organization: 'MITRE',
            informationUri: 'https://cwe.mitre.org/',
            shortDescription: { text: 'Common Weakness Enumeration' },
            taxa: [...new Set(CHECKS.map(({ cwe }) => cwe))].map((cwe) => ({ id: String(cwe) })),
          },
        ],
        columnKind: 'utf16CodeUnits',
        properties: {
          target,
          grade: grade.letter ?? 'none',
          points: grade.points,
          tested: grade.tested,
          baseline: baseline.says,
        },
        results: outcomes.map((outcome) => resultOf(outcome, target)),
      },
    ],
  };
}

function ruleOf({ id, title, why, severity, cwe, asvs, requirements, remediation }: Check): object {
  const [level, score] = LEVELS[severity];
  const code = `NestJS:\n${remediation.nest}\n\nws:\n${remediation.ws}\n\nSocket.IO:\n${remediation.socketIo}`;
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: `${why}\n\n${code}` },
    helpUri: `${CHECKS_GUIDE}#${id}`,
    defaultConfiguration: { level },
    relationships: [{ target: { id: String(cwe), toolComponent: { name: 'CWE', index: 0 } }, kinds: ['superset'] }],
    properties: {
      'security-severity': score,
      tags: ['security', `external/cwe/cwe-${cwe}`, `asvs-5.0/${asvs}`, ...requirements],
    },
  };
}

function resultOf({ check, outcome, severity, confidence, says, evidence }: CheckOutcome, target: string): object {
  const text = [says, ...evidence.map(({ sent, got }) => `${sent} -> ${got}`)].join('\n');
  return {
    ruleId: check,
    ruleIndex: CHECKS.findIndex(({ id }) => id === check),
    kind: KINDS[outcome],
    level: outcome === 'finding' ? LEVELS[severity][0] : 'none',
    message: { text: literal(text) },
    locations: [
      {
        // An endpoint is not a file; viewers want one, and the logical location says what is meant. GitHub takes no report with a
        // location of another scheme than that of the checkout, so it has none.
        physicalLocation: { artifactLocation: { uri: fileNameOf(target) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: target, kind: 'resource' }],
      },
    ],
    partialFingerprints: { 'secureWsScan/v1': createHash('sha256').update(`${check}\n${target}`).digest('hex') },
    properties: { confidence, outcome },
  };
}

/** The target as the relative name of a file (RFC 3986 section 4.2): no colon may stand in its first part. */
function fileNameOf(target: string): string {
  const { hostname, port, pathname } = new URL(target);
  const host = hostname.replace(/[[\]]/g, '').replaceAll(':', '-');
  return [host, port, ...pathname.split('/')].filter((part) => part !== '').join('/');
}

/** What the server sent is neither a placeholder (SARIF 2.1.0 section 3.11.5) nor a link (3.11.6). */
function literal(text: string): string {
  return text.replace(/[\\[\]]/g, '\\$&').replace(/[{}]/g, '$&$&');
}
