import { randomBytes } from 'node:crypto';
import type { IdentityCredentials, ScanCredentials, Who } from '../scope/credentials.js';
import { openingParameters, withoutParameters, withoutQueryValues } from '../scope/query-credentials.js';
import type { ScanTarget } from '../scope/scan-target.js';
import { subprotocolsAs } from '../scope/subprotocol-credentials.js';

/** A field of a request: written as it stands, in its order. */
export type Field = readonly [name: string, value: string];

/** What every handshake of a scan says, unless a check changes it. */
export interface HandshakeIdentity {
  readonly credentials: IdentityCredentials;
  /** The `Origin` that the server admits, if it asks for one. */
  readonly origin?: string | undefined;
  /** With the one that is a credential in its place. */
  readonly subprotocols: readonly string[];
}

/** What a check changes in the good handshake. `null` leaves a field out. */
export interface HandshakeChange {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly origin?: string | null;
  readonly upgrade?: string;
  readonly version?: string;
  readonly key?: string;
  readonly subprotocols?: readonly string[] | undefined;
  readonly extensions?: string;
  /** @default 'given' */
  readonly credentials?: Who | undefined;
  /** Instead of theirs, in the first message of a dialect that carries a token there. */
  readonly token?: string;
  /** Fields behind the others: a second one of a name is a duplicate. */
  readonly more?: readonly Field[];
  /** What stands behind the head, in the same packet. @default '' */
  readonly behind?: string;
}

/** A handshake as it goes over the wire, with the key that the answer must fit. */
export interface HandshakeRequest {
  readonly head: string;
  readonly key: string;
  /** The head as a report may show it: without the values of the query, and of what carries credentials. */
  readonly shown: string;
}

/** Puts a handshake together, byte by byte: no HTTP client would send what some checks ask for. */
export function handshakeRequest(
  target: ScanTarget,
  identity: HandshakeIdentity,
  change: HandshakeChange = {},
): HandshakeRequest {
  const { key = randomBytes(16).toString('base64'), more = [] } = change;
  const subprotocols = offeredBy(identity, change);
  const origin = change.origin === undefined ? identity.origin : (change.origin ?? undefined);
  const fields: Field[] = [
    ['Host', change.host ?? target.host],
    ['Connection', 'Upgrade'],
    ['Upgrade', change.upgrade ?? 'websocket'],
    ['Sec-WebSocket-Version', change.version ?? '13'],
    ['Sec-WebSocket-Key', key],
  ];
  if (origin !== undefined) fields.push(['Origin', origin]);
  if (subprotocols.length > 0) fields.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
  if (change.extensions !== undefined) fields.push(['Sec-WebSocket-Extensions', change.extensions]);
  fields.push(...credentialFields(identity, change.credentials));
  const path = pathOf(target, change);
  const all = [...fields, ...more];
  const request = (asked: string, text: readonly Field[]): string =>
    [`${change.method ?? 'GET'} ${asked} HTTP/1.1`, ...text.map((field) => field.join(': '))].join('\r\n');
  const hidden = all.map(([name, value]): Field => [
    name,
    SECRET_FIELDS.has(name.toLowerCase()) ? '[redacted]' : value,
  ]);
  return {
    head: `${request(path, all)}\r\n\r\n${change.behind ?? ''}`,
    key,
    shown: request(path.replace(/\?.*$/s, '?[redacted]'), hidden),
  };
}

const SECRET_FIELDS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'sec-websocket-protocol']);

/**
 * The path that a handshake asks for, with its query. What opens the target in there is of the first account: whoever else
 * comes shows none of it.
 */
export function pathOf(
  { url, path, isSecure }: ScanTarget,
  { path: other, credentials = 'given' }: Pick<HandshakeChange, 'path' | 'credentials'>,
): string {
  if (other !== undefined) return other;
  // What stands in the query of a wss:// address may be a credential, and goes out over TLS alone.
  if (url.protocol === 'wss:' && !isSecure) return withoutQueryValues(url);
  return credentials === 'given' ? path : withoutParameters(url, openingParameters(url));
}

/** Asks for a page as a browser does that has never been there: no credential, and no upgrade. */
export function pageRequest({ host }: ScanTarget, path: string): HandshakeRequest {
  const shown = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close`;
  return { head: `${shown}\r\n\r\n`, key: '', shown };
}

/** The fields that carry the credentials of somebody. */
export function credentialFields({ credentials }: HandshakeIdentity, who: Who = 'given'): Field[] {
  const { token, cookie }: ScanCredentials = who === 'none' ? {} : credentials[who];
  const fields: Field[] = [];
  if (token !== undefined) fields.push(['Authorization', `Bearer ${token}`]);
  if (cookie !== undefined) fields.push(['Cookie', cookie]);
  return fields;
}

/** The subprotocols that a handshake offers. */
export function offeredBy(
  { subprotocols, credentials }: HandshakeIdentity,
  { subprotocols: others = subprotocols, credentials: who = 'given' }: HandshakeChange,
): readonly string[] {
  return subprotocolsAs(who, others, credentials);
}

/** Whoever has none: for where what is sent can be read on the way. */
export function withoutCredentials(identity: HandshakeIdentity): HandshakeIdentity {
  const nobody = { given: {}, other: {}, expired: {}, expiring: {} };
  return { ...identity, credentials: nobody, subprotocols: offeredBy(identity, { credentials: 'none' }) };
}

/** The token that an opening carries. */
export function tokenOf(
  { credentials }: HandshakeIdentity,
  { credentials: who = 'given', token }: HandshakeChange,
): string | undefined {
  return token ?? (who === 'none' ? undefined : credentials[who].token);
}
