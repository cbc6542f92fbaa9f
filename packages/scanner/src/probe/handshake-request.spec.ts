import { expect, it } from 'vitest';
import { readTarget } from '../scope/scan-target.js';
import { handshakeRequest } from './handshake-request.js';

const IDENTITY = { credentials: { given: {}, other: {}, expired: {}, expiring: {} }, subprotocols: [] };

it.each([
  ['wss://localhost/ws?token=hidden&EIO=4&transport=websocket', '/ws?token=&EIO=4&transport=websocket'],
  ['wss://localhost/ws', '/ws'],
])('SC-08 writes no value of the query of %s where it asks without TLS', (url, path) => {
  const target = readTarget(url, { isAllowed: false });
  expect(handshakeRequest({ ...target, isSecure: false }, IDENTITY).head).toContain(`GET ${path} HTTP/1.1\r\n`);
  expect(handshakeRequest(target, IDENTITY).head).toContain(`GET ${target.path} HTTP/1.1\r\n`);
});
