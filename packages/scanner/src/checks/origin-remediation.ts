import type { Remediation } from './check.js';

/** What every finding about `Origin` is mended by. `ORIGINS` is a set of whole origins. */
export const ORIGIN_REMEDIATION: Remediation = {
  nest: `SecureWsModule.forRoot({ handshake: { origins: ['https://app.example.com'] }, ... })`,
  ws: `const ORIGINS = new Set(['https://app.example.com']);
http.on('upgrade', (request, socket, head) => {
  if (!ORIGINS.has(request.headers.origin)) return socket.end('HTTP/1.1 403 Forbidden\\r\\nConnection: close\\r\\n\\r\\n');
  wss.handleUpgrade(request, socket, head, (client) => wss.emit('connection', client, request));
});`,
  socketIo: `const ORIGINS = new Set(['https://app.example.com']);
new Server(http, { allowRequest: ({ headers }, decide) => decide(null, ORIGINS.has(headers.origin)) });`,
};
