import type { DoctorFacts } from './doctor-facts.js';
import { type DoctorRule, type Finding, SEVERITIES } from './finding.js';
import { BOOT_RULES } from './rules/boot.rules.js';
import { CORS_RULES } from './rules/cors.rules.js';
import { DEPLOYMENT_RULES } from './rules/deployment.rules.js';
import { ENHANCER_RULES } from './rules/enhancer.rules.js';
import { PROXY_RULES } from './rules/proxy.rules.js';
import { TOKEN_RULES } from './rules/token.rules.js';

/** Every rule, in the order in which they are documented. */
export const DOCTOR_RULES: readonly DoctorRule[] = [
  ...BOOT_RULES,
  ...CORS_RULES,
  ...TOKEN_RULES,
  ...PROXY_RULES,
  ...DEPLOYMENT_RULES,
  ...ENHANCER_RULES,
];

/** Everything that the rules find, the worst first. */
export function diagnose(facts: DoctorFacts): readonly Finding[] {
  const found = DOCTOR_RULES.flatMap(({ id, severity, check }) =>
    check(facts).map((place): Finding => ({ rule: id, severity, ...place })),
  );
  return found.sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
}
