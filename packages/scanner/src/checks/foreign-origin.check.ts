import type { Check } from './check.js';
import { ORIGIN_REMEDIATION } from './origin-remediation.js';
import { tryHandshakes } from './try-handshakes.js';

/** The `Origin` that no server has a reason to admit. */
export const FOREIGN_ORIGIN = 'https://evil.example';

/** HS-01. */
export const foreignOriginCheck: Check = {
  id: 'foreign-origin',
  requirements: ['HS-01'],
  title: 'Pages of any web site may connect',
  why: 'A browser opens a WebSocket to any host and sends the cookies of its user along. The server has to look at Origin by itself: nothing else stops cross-site WebSocket hijacking.',
  cwe: 1385,
  asvs: '4.4.2',
  severity: 'critical',
  confidence: 'certain',
  remediation: ORIGIN_REMEDIATION,
  needsBaseline: true,
  run: (context) =>
    tryHandshakes(context, [[`Origin: ${FOREIGN_ORIGIN}`, { origin: FOREIGN_ORIGIN }]], {
      found: 'A handshake from a page of another web site was accepted.',
      passed: 'A foreign Origin was refused.',
    }),
};
