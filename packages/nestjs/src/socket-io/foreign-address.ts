import { plainAddress } from '../core/address-key.js';
import { findClient, type ProxyRules } from '../handshake/client-address.js';
import { type RawRequest, readRequestHead } from '../handshake/request-head.js';
import type { ForeignSocket } from './foreign-client.js';

/**
 * The address of the client behind a socket of another adapter, found as the module's own adapter finds it: behind a listed
 * proxy everybody has the address of the proxy, and whoever sends much would have all others refused.
 *
 * @returns the address of the peer where a listed proxy wrote what cannot be read; empty where the socket tells none.
 */
export function addressOf({ handshake, request }: ForeignSocket, rules: ProxyRules | undefined): string {
  const { address } = handshake ?? {};
  const remoteAddress = plainAddress(typeof address === 'string' ? address : '');
  if (rules === undefined || !hasHeaders(request)) return remoteAddress;
  const { forwarding } = readRequestHead(request);
  return findClient({ remoteAddress, isEncrypted: false, forwarding }, rules)?.address ?? remoteAddress;
}

function hasHeaders(request: unknown): request is RawRequest {
  return (
    typeof request === 'object' && request !== null && 'rawHeaders' in request && Array.isArray(request.rawHeaders)
  );
}
