import type { DoctorRule } from '../finding.js';

/** How long what proves an identity is good. */
export const TOKEN_RULES: readonly DoctorRule[] = [
  {
    id: 'token-outlives-revocation',
    severity: 'warning',
    title: 'A revoked token becomes good again',
    why: 'A revocation is remembered for store.revocationMs. A token that lives longer opens connections again afterwards.',
    check: ({ tokens, options, revokers }) => {
      const { revocationMs } = options.store;
      // Where nothing revokes, nothing is forgotten.
      if (revokers.length === 0) return [];
      return tokens
        .filter(({ maxMs }) => maxMs > revocationMs)
        .map(({ place, maxMs }) => ({
          place,
          problem: `takes tokens that live up to ${inWords(maxMs)}, and ${revokers.join(', ')} revokes for ${inWords(revocationMs)}.`,
          fix: `${place}.maxLifetimeMs: ${revocationMs}, or store: { revocationMs: ${maxMs} }`,
        }));
    },
  },
];

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
];

function inWords(ms: number): string {
  const [unit, name] = UNITS.find(([length]) => ms >= length) ?? [1000, 'second'];
  const count = Math.round(ms / unit);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
