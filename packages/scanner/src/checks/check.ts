import type { HandshakeChange } from '../probe/handshake-request.js';
import type { Dialect } from '../dialect/dialect.js';
import type { Admission } from '../probe/admission.js';
import type { Prober } from '../probe/prober.js';
import type { DeclaredEvents } from '../matrix/declared-access.js';
import type { Matrix } from '../matrix/matrix.js';
import type { Session } from '../probe/session.js';
import type { Transcript } from '../probe/transcript.js';
import type { Who } from '../scope/credentials.js';

/** How bad a finding is. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** Each of them, the worst last. */
export const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** How sure it is: `certain` was seen to happen, `firm` can hardly be anything else, `tentative` wants a look. */
export type Confidence = 'certain' | 'firm' | 'tentative';

/** What was sent and what came of it. */
export interface Evidence {
  /** `Origin: https://evil.example` */
  readonly sent: string;
  /** `101` */
  readonly got: string;
  /**
   * What it is about, the same in every scan: the event and the identity, the handshake, the rule. By it a later scan tells
   * what one check has found before from what is new.
   */
  readonly about?: string;
}

/** What a check found out. "Could not test" is never "passed". */
export type Verdict =
  | {
      readonly outcome: 'finding';
      /** A sentence. */
      readonly says: string;
      readonly evidence: readonly Evidence[];
      /** Where it differs from that of the check. */
      readonly severity?: Severity;
      readonly confidence?: Confidence;
    }
  | { readonly outcome: 'passed'; /** What was seen, in a sentence. */ readonly says: string }
  | { readonly outcome: 'not-tested'; /** Why, in a sentence. */ readonly says: string };

/** Whether the target takes the credentials of a handshake, and what was seen of it. */
export type CredentialJudge = (change: HandshakeChange) => Promise<Pick<Admission, 'isAdmitted' | 'saw'>>;

/** What a check works with. */
export interface CheckContext {
  readonly prober: Prober;
  readonly dialect: Dialect;
  readonly transcript: Transcript;
  /** What the caller has captured, and a server of good faith answers: one text each, as the dialect has it sent. */
  readonly messages: readonly string[];
  /**
   * Opens a session in the dialect of the target. The caller disposes of it.
   *
   * @throws OpeningRefusedError where the dialect has an opening, and the target refuses it.
   */
  readonly talk: (credentials?: Who) => Promise<Session>;
  /** How the target shows that it looks at credentials; `undefined` where nobody is refused anything. Found out when it is asked for first. */
  readonly judge: () => Promise<CredentialJudge | undefined>;
  /** A captured message as somebody sends it: a token of the first account in it is not lent to others. */
  readonly messageAs: (message: string, who: Who) => string;
  /** Whom the scan has credentials of, and nobody: the columns of the matrix, in their order. */
  readonly identities: readonly Who[];
  /** Events that the second account may send as well. */
  readonly shared: readonly string[];
  /** The key that the server verifies tokens with, in PEM, where it was given. */
  readonly publicKey: string | undefined;
  /** A port of the host beside that of the target that must not take connections without TLS. */
  readonly plainPort: number | undefined;
  /** What the server's tokens are signed with: a private key in PEM, or a secret. */
  readonly signingKey: string | undefined;
  /** Logs the given account out. */
  readonly logOut: (() => Promise<void>) | undefined;
  /** How long a connection is watched that does, or reads, nothing, in milliseconds. */
  readonly idleMs: number;
  /** What the policy lock says, where one was given. */
  readonly lock: DeclaredEvents | undefined;
  /** Who may send what, as it is seen. Built when it is asked for first. */
  readonly matrix: () => Promise<Matrix>;
}

/** What to write to mend it: code, for each kind of server. */
export interface Remediation {
  readonly nest: string;
  readonly ws: string;
  readonly socketIo: string;
}

/** One thing that a scan looks for. A file each. */
export interface Check {
  /** Stable: baselines name it. */
  readonly id: string;
  /** The ids of docs/security/requirements.md that it tests from outside. */
  readonly requirements: readonly string[];
  readonly title: string;
  /** Why it matters, in a sentence or two. */
  readonly why: string;
  /** Of the Common Weakness Enumeration. */
  readonly cwe: number;
  /** The clause of OWASP ASVS 5.0. */
  readonly asvs: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly remediation: Remediation;
  /** Whether it runs only where the good handshake was accepted: without it a refusal says nothing. */
  readonly needsBaseline: boolean;
  /** It puts a load on the target, and runs only when it is asked for. @default false */
  readonly isDisruptive?: true;
  readonly run: (context: CheckContext) => Promise<Verdict>;
}

/** A verdict for a check that nothing was found by. */
export const passed = (says: string): Verdict => ({ outcome: 'passed', says });

/** A verdict for a check that could not be done. */
export const notTested = (says: string): Verdict => ({ outcome: 'not-tested', says });

/** A verdict for what was found. */
export function finding(
  says: string,
  evidence: readonly Evidence[],
  differs: { readonly severity?: Severity; readonly confidence?: Confidence } = {},
): Verdict {
  return { outcome: 'finding', says, evidence, ...differs };
}
