import type { IncomingMessage } from 'node:http';
import { addressKey, plainAddress } from '../core/address-key.js';
import { findClient, type PeerFacts, type ProxyRules } from './client-address.js';
import { readRequestHead } from './request-head.js';

/** From where a request comes. */
export interface RequestAddress {
  readonly address: string;
  /** As `addressKey()` makes it. */
  readonly key: string;
}

/** The request of Node in that of Fastify, which hands over an object of its own (over HTTP/2 no `IncomingMessage`), or of Express. */
export function nodeRequestOf(given: object): IncomingMessage {
  const { raw } = given as { readonly raw?: Partial<IncomingMessage> | null };
  return (Array.isArray(raw?.rawHeaders) ? raw : given) as IncomingMessage;
}

/**
 * From where an HTTP request of the application comes, as a handshake of the same client would be counted.
 *
 * @returns `undefined` where its forwarding fields are not valid.
 */
export function addressOf(
  { socket: { remoteAddress } }: IncomingMessage,
  forwarding: PeerFacts['forwarding'],
  proxies: ProxyRules | undefined,
): RequestAddress | undefined {
  const peer = remoteAddress === undefined ? undefined : plainAddress(remoteAddress);
  const client = findClient({ remoteAddress: peer, isEncrypted: false, forwarding }, proxies);
  return client === undefined ? undefined : { address: client.address, key: addressKey(client.address) };
}

/** As {@link addressOf}. @param given the request of Node, Express or Fastify. */
export function requestAddress(given: object, proxies: ProxyRules | undefined): RequestAddress | undefined {
  const request = nodeRequestOf(given);
  return addressOf(request, readRequestHead(request).forwarding, proxies);
}

/**
 * From where a request comes, for the event that tells of its refusal: as {@link requestAddress}, and the peer where the
 * forwarding fields are not valid, as a refused handshake has it. Nobody takes the address out of an event by writing them so.
 *
 * @returns `undefined` of a connection that is closed, and of a Unix socket.
 */
export function blamedAddress(given: object, proxies: ProxyRules | undefined): string | undefined {
  const { address } = requestAddress(given, proxies) ?? {};
  if (address !== undefined && address !== '') return address;
  const { remoteAddress = '' } = nodeRequestOf(given).socket;
  return remoteAddress === '' ? undefined : plainAddress(remoteAddress);
}
