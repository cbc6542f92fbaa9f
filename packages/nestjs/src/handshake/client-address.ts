import { isIP, isIPv4 } from 'node:net';
import { plainAddress } from '../core/address-key.js';
import { type ForwardedElement, parseForwarded } from './forwarded-field.js';
import type { ForwardingFields } from './request-head.js';

/** The family of forwarding fields that the proxies write; every other one comes from the client, and is not read. */
export type ForwardingHeader = 'x-forwarded-for' | 'forwarded' | 'x-real-ip';

/** The fields by which a listed proxy passes on the certificate of its client; lower-case names. */
export interface CertificateFields {
  readonly certificate: string;
  readonly verified: string;
}

/** The resolved form of `handshake.trustedProxies`. */
export interface ProxyRules {
  readonly header: ForwardingHeader;
  /** `undefined`: the proxies pass no certificate on. */
  readonly clientCertificate?: CertificateFields | undefined;
  /** Whether an address, as {@link plainAddress} writes it, is that of a listed proxy; `''` is a Unix socket. */
  readonly isTrusted: (address: string) => boolean;
}

/** What {@link findClient} judges. */
export interface PeerFacts {
  /** In its one form; `undefined` for a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** Whether the socket itself speaks TLS. */
  readonly isEncrypted: boolean;
  readonly forwarding: ForwardingFields;
}

/** Who is at the other end, as far as it can be believed. */
export interface Client {
  /** Empty for a Unix socket. */
  readonly address: string;
  /** Whether the client itself speaks TLS, to us or to the proxy in front. */
  readonly isEncrypted: boolean;
  /** Whether the peer is a listed proxy. */
  readonly isBehindProxy: boolean;
}

/** The most hops of an `X-Forwarded-For` that are walked. */
const MAX_HOPS = 32;

// A zone ("%eth0") means something on one machine only, and would make one address many.
const HOP = /^(?:\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+)(?::\d{1,5})?|([0-9A-Fa-f:.]+))$/;

/** Whether the peer of a socket is a listed proxy. */
export function isListedProxy(remoteAddress: string | undefined, rules: ProxyRules | undefined): boolean {
  return rules?.isTrusted(remoteAddress ?? '') === true;
}

/**
 * Finds the client behind the listed proxies: the right-most hop that is not one of them. What stands further left was
 * written by the client, or by somebody that nobody vouches for (OWASP ASVS 5.0 4.1.3, 15.3.4).
 *
 * Without rules, or when the peer is not listed, the socket alone decides.
 *
 * @returns `undefined` when a listed proxy wrote what cannot be read: whose address to count would then be a guess.
 */
export function findClient(facts: PeerFacts, rules: ProxyRules | undefined): Client | undefined {
  const { remoteAddress: address = '' } = facts;
  const isBehindProxy = rules?.isTrusted(address) === true;
  const found = isBehindProxy ? findForwarded(facts.forwarding, rules) : 'itself';
  if (found === undefined) return undefined;
  return found === 'itself' ? { address, isEncrypted: facts.isEncrypted, isBehindProxy } : { ...found, isBehindProxy };
}

type ForwardedClient = Omit<Client, 'isBehindProxy'>;

/** @returns `'itself'` for a request of the proxy's own, such as a health check. */
function findForwarded(forwarding: ForwardingFields, rules: ProxyRules): ForwardedClient | 'itself' | undefined {
  if (rules.header === 'forwarded') {
    if (forwarding.forwarded === undefined) return 'itself';
    const elements = parseForwarded(forwarding.forwarded);
    return elements === undefined ? undefined : nearestStranger(elements, rules);
  }
  const field = forwarding[rules.header];
  const proto = forwarding['x-forwarded-proto'];
  if (field === undefined) return proto === undefined ? 'itself' : undefined;
  // X-Real-IP is one address: a comma in it is a second field, and one of the two is the client's.
  const address = rules.header === 'x-real-ip' ? hopAddress(field) : nearestAddress(field, rules);
  return address === undefined ? undefined : { address, isEncrypted: isAllHttps(proto) };
}

function nearestStranger(elements: readonly ForwardedElement[], rules: ProxyRules): ForwardedClient | undefined {
  let client: ForwardedClient | undefined;
  for (const element of elements.toReversed()) {
    const address = hopAddress(element.for ?? '');
    if (address === undefined) return undefined;
    client = { address, isEncrypted: element.proto?.toLowerCase() === 'https' };
    if (!rules.isTrusted(address)) break;
  }
  return client;
}

function nearestAddress(field: string, rules: ProxyRules): string | undefined {
  let client: string | undefined;
  let end = field.length;
  for (let hops = 0; hops < MAX_HOPS && end >= 0; hops += 1) {
    const comma = field.lastIndexOf(',', end - 1);
    client = hopAddress(field.slice(comma + 1, end).trim());
    if (client === undefined || !rules.isTrusted(client)) return client;
    end = comma;
  }
  // Every hop is listed: the left-most one is the client. More hops than that are no chain but an attempt.
  return end >= 0 ? undefined : client;
}

/** The address of a hop, without its port and in its one form; `undefined` for a name, `unknown` or garbage. */
function hopAddress(text: string): string | undefined {
  const match = HOP.exec(text);
  const address = match?.[1] ?? match?.[2] ?? match?.[3];
  if (address === undefined || isIP(address) === 0) return undefined;
  const plain = plainAddress(address);
  return isIPv4(plain) ? plain : new URL(`http://[${plain}]`).hostname.slice(1, -1);
}

/**
 * Whether every hop that said how the request came to it said `https`. A client can put a word in front of what its proxy
 * appends, but cannot take the proxy's away; without any word nobody knows.
 */
function isAllHttps(field: string | undefined): boolean {
  if (field === undefined) return false;
  return field.split(',').every((proto) => {
    const word = proto.trim().toLowerCase();
    return word === 'https' || word === 'wss';
  });
}
