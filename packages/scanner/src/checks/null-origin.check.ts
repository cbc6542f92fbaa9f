import type { Check } from './check.js';
import { ORIGIN_REMEDIATION } from './origin-remediation.js';
import { tryHandshakes } from './try-handshakes.js';

/** HS-03. */
export const nullOriginCheck: Check = {
  id: 'null-origin',
  requirements: ['HS-03'],
  title: 'Origin: null may connect',
  why: 'A sandboxed frame, a data: URL and a local file all have the Origin null: any web site can put one on its page.',
  cwe: 1385,
  asvs: '4.4.2',
  severity: 'high',
  confidence: 'certain',
  remediation: ORIGIN_REMEDIATION,
  needsBaseline: true,
  run: (context) =>
    tryHandshakes(context, [['Origin: null', { origin: 'null' }]], {
      found: 'A handshake with Origin: null was accepted.',
      passed: 'Origin: null was refused.',
    }),
};
