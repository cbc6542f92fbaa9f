import { excerpt, visibleText } from '../../core/visible-text.js';
import type { AuditRecord } from '../audit-record.js';
import type { PolicyVerdict } from './observed-policies.js';
import type { StepVerdict } from './observed-steps.js';
import { type RefusalFacts, remedyOf } from './remedies.js';

/** One step as it is told. */
export interface ToldStep {
  readonly step: string;
  readonly outcome: StepVerdict['outcome'];
  readonly code?: string;
  readonly reason?: string;
  /** What would change it, a line each. */
  readonly remedy?: readonly string[];
}

/** A whole explanation, as `--json` prints it. */
export interface ToldExplanation {
  /** What was asked, in a line. */
  readonly message: string;
  readonly outcome: 'allowed' | 'refused' | 'dropped';
  readonly steps: readonly ToldStep[];
  readonly policies: readonly { readonly name: string; readonly outcome: PolicyVerdict['outcome'] }[];
}

/** Our own fields are shorter. */
const MAX_FIELD = 300;

const WORDS: Readonly<Record<StepVerdict['outcome'], string>> = {
  passed: 'passed',
  refused: 'REFUSED',
  reported: 'REPORTED',
  'not-reached': '-',
};

/** Tells the verdict of a step, with what would change it. */
export function tellStep({ name, outcome, refusal }: StepVerdict, facts: RefusalFacts): ToldStep {
  if (refusal === undefined) return { step: name, outcome };
  const { code, reason, missing, issues } = refusal;
  const { lines } = remedyOf(reason, { ...facts, missing, issues });
  return { step: name, outcome, code, reason, remedy: lines };
}

/** Tells a refusal that an audit file has. */
export function tellRecord(record: AuditRecord): ToldStep {
  const { event, path, code, reason, missing, type } = record;
  const where = typeof event === 'string' ? `the handler of ${event}` : 'the handler';
  const place = typeof path === 'string' ? `${where} on ${path}` : where;
  const known = {
    place,
    event: typeof event === 'string' ? event : undefined,
    missing: typeof missing === 'string' ? missing : undefined,
  };
  const { step, lines } = remedyOf(typeof reason === 'string' ? reason : '', known);
  return {
    step,
    outcome: type === 'ws.message.reported' ? 'reported' : 'refused',
    ...(typeof code === 'string' && { code }),
    ...(typeof reason === 'string' && { reason }),
    remedy: lines,
  };
}

/** The lines of an explanation for a terminal. Whatever a name or a text holds, it shows as what it is. */
export function explanationLines({ message, outcome, steps, policies }: ToldExplanation): readonly string[] {
  const lines = [message, '', ...steps.flatMap(stepLines)];
  if (policies.length > 0) {
    lines.push('', 'policies asked:', ...policies.map((policy) => `  ${policy.outcome.padEnd(10)} ${policy.name}`));
  }
  lines.push('', CONCLUSIONS[outcome]);
  return lines.map(visibleText);
}

/** The lines of a refusal that an audit file has, and of what would change it. */
export function recordLines(record: AuditRecord): readonly string[] {
  const fields = Object.entries(record)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => excerpt(`${name}: ${String(value)}`, MAX_FIELD));
  return [...fields, ...stepLines(tellRecord(record)), ''];
}

function stepLines({ step, outcome, code, reason, remedy = [] }: ToldStep): readonly string[] {
  const verdict = reason === undefined ? '' : `  ${code ?? ''} (${reason})`;
  const line = `  ${WORDS[outcome].padEnd(8)} ${step.padEnd(verdict === '' ? 0 : 20)}${verdict}`;
  return [line, ...remedy.map((text) => `           -> ${text}`)].map(visibleText);
}

const CONCLUSIONS: Readonly<Record<ToldExplanation['outcome'], string>> = {
  allowed: 'Allowed: the handler would be called now, behind the guards, interceptors and pipes that Nest itself runs.',
  refused: 'Refused.',
  dropped: 'Dropped without an answer: a policy closed the connection, or changed what it may do.',
};
