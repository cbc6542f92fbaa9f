import { owaspNameOf, reasonOf, type SecurityEventData } from '../../events/security-event.js';
import type { ResolvedAlertRule } from '../alert-rule.js';

/** Whether an event is one that a rule looks at. */
export type EventMatch = (data: SecurityEventData) => boolean;

/** Compiles which events a rule looks at, its types included. */
export function matchOf({ types, reasons, failures, owasp }: ResolvedAlertRule): EventMatch {
  const checks: EventMatch[] = [(data) => types.has(data.type)];
  if (reasons !== undefined) checks.push((data) => reasons.has(reasonOf(data) ?? ''));
  if (failures !== undefined) checks.push((data) => 'failure' in data && failures.has(data.failure ?? ''));
  if (owasp !== undefined) checks.push((data) => owasp.has(owaspNameOf(data) ?? ''));
  return (data) => checks.every((check) => check(data));
}
