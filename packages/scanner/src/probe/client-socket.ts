import { WebSocket } from 'ws';
import type { ScanTarget } from '../scope/scan-target.js';
import {
  credentialFields,
  type HandshakeChange,
  type HandshakeIdentity,
  offeredBy,
  pathOf,
} from './handshake-request.js';
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
    urlOf(target, pathOf(target, { credentials, ...(path !== undefined && { path }) })),
    [...offeredBy(identity, { subprotocols, credentials })],
    {
      headers: Object.fromEntries(fields),
      ...(origin !== undefined && { origin }),
      followRedirects: false,
      perMessageDeflate: false,
      ...(target.trusted !== undefined && { secureContext: target.trusted.context }),
      maxPayload: MAX_RECEIVED,
      handshakeTimeout: answerMs,
    },
  );
}

/** SC-01: never by resolving, since a path of `//other.example/x` would name another host. */
function urlOf({ url }: ScanTarget, path: string): URL {
  const [pathname = '/', search] = path.split(/\?(.*)/s);
  const changed = new URL(url);
  changed.pathname = pathname;
  changed.search = search ?? '';
  return changed;
}
