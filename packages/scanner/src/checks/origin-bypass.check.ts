import { type Check, notTested } from './check.js';
import { FOREIGN_ORIGIN } from './foreign-origin.check.js';
import { ORIGIN_REMEDIATION } from './origin-remediation.js';
import { tryHandshakes } from './try-handshakes.js';

/** Origins that a comparison of parts, or a regular expression with an open end or dot, takes for the good one. */
export function lookalikeOrigins(good: string): readonly string[] {
  const { protocol, hostname, port, host } = new URL(good);
  const otherPort = port === '444' ? '445' : '444';
  const origins = [
    `${protocol}//${host}.evil.example`,
    `${protocol}//evil.${host}`,
    `${protocol}//evil-${host}`,
    `${protocol}//evil${host}`,
    `${protocol}//${hostname}:${otherPort}`,
    `${protocol === 'https:' ? 'http:' : 'https:'}//${host}`,
    `${protocol}//${host}@evil.example`,
    `${protocol}//evil.example#${host}`,
    `${protocol}//${host}\`evil.example`,
    `${protocol}//${host}_.evil.example`,
  ];
  // A dot in a regular expression is any character.
  if (hostname.includes('.')) origins.push(`${protocol}//${host.replace('.', 'x')}`);
  return origins;
}

/** HS-02. */
export const originBypassCheck: Check = {
  id: 'origin-bypass',
  requirements: ['HS-02'],
  title: 'An Origin that only looks like an admitted one may connect',
  why: 'Whoever compares the beginning, the end or a pattern of an Origin admits the pages of domains that anybody can register.',
  cwe: 1385,
  asvs: '4.4.2',
  severity: 'high',
  confidence: 'certain',
  remediation: ORIGIN_REMEDIATION,
  needsBaseline: true,
  async run(context) {
    const { origin } = context.prober.identity;
    if (origin === undefined) return notTested('Which Origin is admitted is not known: name it with --origin.');
    const foreign = await context.prober.admits({ origin: FOREIGN_ORIGIN });
    if (foreign.isAdmitted) return notTested('Every Origin is admitted (foreign-origin): there is nothing to bypass.');
    return tryHandshakes(
      context,
      lookalikeOrigins(origin).map((value) => [`Origin: ${value}`, { origin: value }] as const),
      {
        found: `Origins that only resemble ${origin} were accepted.`,
        passed: 'Origins that resemble the admitted one were refused.',
      },
    );
  },
};
