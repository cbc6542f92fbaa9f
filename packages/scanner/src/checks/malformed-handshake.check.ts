import type { Check } from './check.js';
import { type BadHandshake, tryHandshakes } from './try-handshakes.js';

const BAD: readonly BadHandshake[] = [
  ['Sec-WebSocket-Version: 8', { version: '8' }],
  ['Sec-WebSocket-Version: 12', { version: '12' }],
  ['Sec-WebSocket-Version: 13, 8', { version: '13, 8' }],
  ['POST', { method: 'POST' }],
  // A list with websocket in it is none of them: RFC 9110 section 7.8 lets a server choose from one.
  ['Upgrade: h2c', { upgrade: 'h2c' }],
  ['Upgrade: websocket-2', { upgrade: 'websocket-2' }],
  ['a Sec-WebSocket-Key of 8 bytes', { key: Buffer.from('8 bytes.').toString('base64') }],
  ['a Sec-WebSocket-Key that is not Base64', { key: '!!!!!!!!!!!!!!!!!!!!!!==' }],
];

/** HS-06 and HS-07. */
export const malformedHandshakeCheck: Check = {
  id: 'malformed-handshake',
  requirements: ['HS-06', 'HS-07'],
  title: 'Handshakes that RFC 6455 does not allow are accepted',
  why: 'A proxy in front that reads a request in another way than the server believes in a connection that there is not, or the reverse: request smuggling begins like that. Old versions have holes of their own.',
  cwe: 444,
  asvs: '4.2.1',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: 'SecureWsModule refuses each of them: import it.',
    ws: `http.on('upgrade', (request, socket) => {
  if (request.method !== 'GET' || request.headers['sec-websocket-version'] !== '13') socket.destroy();
});`,
    socketIo: `new Server(http, { allowRequest: ({ headers }, decide) => decide(null, headers['sec-websocket-version'] === '13') });`,
  },
  needsBaseline: true,
  run: (context) =>
    tryHandshakes(context, BAD, {
      found: 'Malformed handshakes were accepted.',
      passed: 'Old versions, other methods and malformed keys were refused.',
    }),
};
