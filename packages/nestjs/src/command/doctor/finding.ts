import type { DoctorFacts } from './doctor-facts.js';

/** How bad a finding is, the worst last. The words of SARIF. */
export const SEVERITIES = ['note', 'warning', 'error'] as const;

/** How bad a finding is. */
export type Severity = (typeof SEVERITIES)[number];

/** One place where a rule found something. */
export interface Place {
  /** The option, class or call: `handshake.origins`, `OrdersGateway.place`, `app.enableCors()`. */
  readonly place: string;
  /** A sentence that begins behind the place. */
  readonly problem: string;
  /** The line to write. */
  readonly fix: string;
}

/** What the doctor says of one place. */
export interface Finding extends Place {
  /** The id of its rule. */
  readonly rule: string;
  readonly severity: Severity;
}

/** One thing that the doctor looks at. */
export interface DoctorRule {
  /** Stable: baselines and suppressions name it. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong where it finds something, in a few words. */
  readonly title: string;
  /** Why that matters. */
  readonly why: string;
  readonly check: (facts: DoctorFacts) => readonly Place[];
}
