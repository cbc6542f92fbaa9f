import type { Principal } from '../core/principal.js';

/** How far the clock of who vouches for a log-in may be ahead of ours, in milliseconds. */
const CLOCK_SKEW_MS = 30_000;

/**
 * Whether a user has logged in recently enough (OWASP ASVS 5.0 7.5.3). A log-in that nobody knows the time of, and one that
 * is to come, are not recent.
 *
 * @param now milliseconds since 1970.
 */
export function isRecentLogin({ authenticatedAt }: Principal, maxAgeMs: number, now: number): boolean {
  // As what passes, not as what does not: NaN fails every comparison.
  return authenticatedAt > 0 && authenticatedAt <= now + CLOCK_SKEW_MS && now - authenticatedAt <= maxAgeMs;
}

/** Says what is wrong with what a step-up asks for. */
export function stepUpProblem(options: unknown): string | undefined {
  if (typeof options !== 'object' || options === null) return 'needs { maxAgeMs }';
  const { maxAgeMs, ...others } = options as { readonly maxAgeMs?: unknown };
  const [other] = Object.keys(others);
  if (other !== undefined) return `"${other}" is not an option of it; write maxAgeMs`;
  return Number.isSafeInteger(maxAgeMs) && (maxAgeMs as number) > 0
    ? undefined
    : 'maxAgeMs must be a whole number of milliseconds above 0';
}
