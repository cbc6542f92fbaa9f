import type { Check } from './check.js';
import { tryHandshakes } from './try-handshakes.js';

const PATH = '/secure-ws-scan/no-such-path';

/** HS-09. */
export const unknownPathCheck: Check = {
  id: 'unknown-path',
  requirements: ['HS-09'],
  title: 'Every path is a WebSocket',
  why: 'Rules of proxies and firewalls are written by path: where every path leads to the same server, each of them has a way around.',
  cwe: 424,
  asvs: '13.4.6',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: `@WebSocketGateway({ path: '/orders' })`,
    ws: `new WebSocketServer({ server: http, path: '/orders' });`,
    socketIo: `new Server(http, { path: '/orders' });`,
  },
  needsBaseline: true,
  run: (context) =>
    tryHandshakes(context, [[`GET ${PATH}`, { path: PATH }]], {
      found: 'A handshake for a path that cannot exist was accepted.',
      passed: 'An unknown path was refused.',
    }),
};
