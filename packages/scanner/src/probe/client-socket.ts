import { WebSocket } from 'ws';
import type { ScanTarget } from '../scope/scan-target.js';
import { credentialFields, type HandshakeChange, type HandshakeIdentity } from './handshake-request.js';
import { MAX_RECEIVED } from './session.js';

/** What can be changed of a handshake that is correct. */
export type ConnectionChange = Pick<HandshakeChange, 'subprotocols' | 'credentials' | 'token' | 'path' | 'more'>;

/** Begins a handshake as a client would that speaks correctly. No redirect is followed: it may lead to another host. */
export function clientSocket(
  target: ScanTarget,
  identity: HandshakeIdentity,
  { subprotocols, credentials, path, more = [] }: ConnectionChange,
  answerMs: number,
): WebSocket {
  const { origin } = identity;
  const fields = [...credentialFields(identity, credentials), ...more];
  return new WebSocket(
    path === undefined ? target.url : new URL(path, target.url),
    [...(subprotocols ?? identity.subprotocols)],
    {
      headers: Object.fromEntries(fields),
      ...(origin !== undefined && { origin }),
      followRedirects: false,
      perMessageDeflate: false,
      ...(target.trusted !== undefined && { ca: [...target.trusted] }),
      maxPayload: MAX_RECEIVED,
      handshakeTimeout: answerMs,
    },
  );
}
