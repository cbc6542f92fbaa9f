import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DOCTOR_RULES } from './diagnose.js';
import type { Finding } from './finding.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const GUIDE = 'https://github.com/secure-ws/secure-ws/blob/main/docs/guide/doctor.md';

/**
 * A report in SARIF 2.1.0 (OASIS), for code scanning.
 *
 * @param artifact the file that the application was loaded from, relative to the folder: findings are in options and
 * classes, of which nobody knows the line, and viewers want a file.
 */
export function sarifReport(findings: readonly Finding[], artifact: string): object {
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'secure-ws doctor',
            informationUri: GUIDE,
            semanticVersion: packageVersion(),
            rules: DOCTOR_RULES.map(({ id, severity, title, why }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: why },
              helpUri: `${GUIDE}#${id}`,
              defaultConfiguration: { level: severity },
              properties: { tags: ['security'] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) => resultOf(finding, artifact)),
      },
    ],
  };
}

function resultOf({ rule, severity, place, problem, fix }: Finding, artifact: string): object {
  return {
    ruleId: rule,
    ruleIndex: DOCTOR_RULES.findIndex(({ id }) => id === rule),
    level: severity,
    message: { text: `${place} ${problem} Write: ${fix}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(artifact) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: place }],
      },
    ],
    // Without it a viewer takes two findings on one line for one, and a text that changed for a new finding.
    partialFingerprints: { 'secureWsPlace/v1': createHash('sha256').update(`${rule}\n${place}`).digest('hex') },
  };
}

/** A relative reference of RFC 3986: a colon in its first segment would be taken for a scheme. */
function uriOf(path: string): string {
  const segments = path.split(/[\\/]/).map(encodeURIComponent);
  return segments.join('/');
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
