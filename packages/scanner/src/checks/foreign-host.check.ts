import type { Check } from './check.js';
import { tryHandshakes } from './try-handshakes.js';

/** HS-08. */
export const foreignHostCheck: Check = {
  id: 'foreign-host',
  requirements: ['HS-08'],
  title: 'Any Host is answered',
  why: 'By DNS rebinding a page makes its own name point to a server inside of the network, or on the machine of its visitor. The Host field still says the name of the page: a server that looks at it is safe.',
  cwe: 346,
  asvs: '4.4.2',
  severity: 'medium',
  confidence: 'firm',
  remediation: {
    nest: `SecureWsModule.forRoot({ handshake: { hosts: ['api.example.com'] }, ... })`,
    ws: `const HOSTS = new Set(['api.example.com']);
http.on('upgrade', (request, socket) => {
  if (!HOSTS.has(request.headers.host)) socket.end('HTTP/1.1 421 Misdirected Request\\r\\nConnection: close\\r\\n\\r\\n');
});`,
    socketIo: `new Server(http, { allowRequest: ({ headers }, decide) => decide(null, HOSTS.has(headers.host)) });`,
  },
  needsBaseline: true,
  run: (context) =>
    tryHandshakes(context, [['Host: evil.example', { host: 'evil.example' }]], {
      found: context.prober.target.isSecure ? FOUND_OVER_TLS : 'A handshake for the host evil.example was accepted.',
      passed: 'A foreign Host was refused.',
      ...(context.prober.target.isSecure && { severity: 'low' }),
    }),
};

/**
 * Over TLS a browser compares the name of the page with the certificate before it says anything, so that DNS rebinding leads
 * nowhere. What is left is RFC 9110 section 7.4: no answer for a host that the certificate is not for.
 */
const FOUND_OVER_TLS =
  'A handshake for the host evil.example was accepted, which the certificate is not for. No browser sends one over TLS; a proxy that is led astray does.';
