import type { Check } from './check.js';
import { FOREIGN_ORIGIN } from './foreign-origin.check.js';
import { type BadHandshake, tryHandshakes } from './try-handshakes.js';

const BAD: readonly BadHandshake[] = [
  ['a second Host: evil.example', { more: [['Host', 'evil.example']] }],
  ['a second Origin: https://evil.example', { more: [['Origin', FOREIGN_ORIGIN]] }],
  ['a second Sec-WebSocket-Version: 8', { more: [['Sec-WebSocket-Version', '8']] }],
];

/** HS-05. */
export const duplicateFieldsCheck: Check = {
  id: 'duplicate-fields',
  requirements: ['HS-05'],
  title: 'Fields that must stand once may be repeated',
  why: 'Of two fields of one name a proxy reads one and the server the other: the Origin, Host or token that was checked is not the one that counts.',
  cwe: 444,
  asvs: '4.2.1',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: 'SecureWsModule refuses them with 400: import it.',
    ws: `http.on('upgrade', ({ rawHeaders }, socket) => {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  if (ONCE.some((name) => names.filter((other) => other === name).length > 1)) socket.destroy();
});`,
    socketIo: `new Server(http, { allowRequest: ({ rawHeaders }, decide) => decide(null, !hasDuplicates(rawHeaders)) });`,
  },
  needsBaseline: true,
  run: (context) =>
    tryHandshakes(
      context,
      // Without an Origin in the good handshake a single one is not a second one.
      BAD.filter(([what]) => context.prober.identity.origin !== undefined || !what.includes('Origin')),
      { found: 'Handshakes with a field twice were accepted.', passed: 'Repeated fields were refused.' },
    ),
};
