import type { Confidence, Evidence, Remediation, Severity } from './checks/check.js';
import type { DialectId } from './dialect/dialect.js';
import type { Matrix } from './matrix/matrix.js';
import type { Grade } from './score/grade.js';

/** What a check said of the target. */
export interface CheckOutcome {
  /** The id of the check. */
  readonly check: string;
  readonly title: string;
  /** `finding`, `passed`, or `not-tested`: then `says` tells why. */
  readonly outcome: 'finding' | 'passed' | 'not-tested';
  /** A sentence. */
  readonly says: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** The requirements that it tests, by their ids. */
  readonly requirements: readonly string[];
  /** The number in the Common Weakness Enumeration. */
  readonly cwe: number;
  /** The clause of OWASP ASVS 5.0. */
  readonly asvs: string;
  /** What was sent and what came, without the credentials of the scan. Empty unless it is a finding. */
  readonly evidence: readonly Evidence[];
  readonly remediation: Remediation;
}

/** How the good handshake went: without it a refusal says nothing. */
export interface Baseline {
  readonly isAccepted: boolean;
  /** A sentence, with what to change where it was not accepted. */
  readonly says: string;
}

/** What a scan found out. */
export interface ScanResult {
  /** The URL, without the values of its query. */
  readonly target: string;
  readonly baseline: Baseline;
  /** What the server speaks; `undefined` where it was not asked. */
  readonly dialect: DialectId | undefined;
  /** How sure that is, and what tells. Older reports have none. */
  readonly recognition?: { readonly confidence: Confidence; readonly says: string } | undefined;
  /** One for each check, in the order in which they ran. */
  readonly outcomes: readonly CheckOutcome[];
  /** Who may send what, as it was seen; `undefined` where nobody but the given identity was there to compare with. */
  readonly matrix: Matrix | undefined;
  readonly grade: Grade;
  /** What the scan has cost the target. */
  readonly spent: { readonly connections: number; readonly messages: number };
}
