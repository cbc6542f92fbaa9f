import type { IncomingMessage } from 'node:http';

/** What the checks read of a request head, taken from the raw header list in one pass. */
export interface RequestHead {
  readonly method: string | undefined;
  readonly httpVersion: string;
  /** The request target as it was sent. */
  readonly target: string;
  readonly headerCount: number;
  /** Whether a field that may occur once occurs more than once. */
  readonly hasRepeatedField: boolean;
  readonly hasBody: boolean;
  /** Whether somebody claims to have passed this request on. */
  readonly hasForwardingField: boolean;
  /** What they claim. To be believed only where the peer is a listed proxy. */
  readonly forwarding: ForwardingFields;
  /** Whether a field beside `Authorization`, `Cookie` and the subprotocols usually carries a credential. */
  readonly hasOtherCredentialField: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  /** The proof of a client that it holds the key of its token (RFC 9449). */
  readonly dpop?: string | undefined;
  readonly upgrade: string | undefined;
  /** All `Connection` fields, joined by commas. */
  readonly connection: string | undefined;
  readonly key: string | undefined;
  readonly version: string | undefined;
  /** All `Sec-WebSocket-Protocol` fields, joined by commas (RFC 6455 section 11.3.4 lets a client split the list). */
  readonly subprotocols: string | undefined;
}

/** The forwarding fields that can be believed, each with its repetitions joined by commas (RFC 9110 section 5.3). */
export type ForwardingFields = { readonly [Name in ForwardingFieldName]?: string };

type ForwardingFieldName = (typeof FORWARDING_FIELDS)[number];

/** What {@link readRequestHead} needs of a request. */
export type RawRequest = Pick<IncomingMessage, 'method' | 'httpVersion' | 'url' | 'rawHeaders'>;

/** Single fields by their lower-case name. Cookie too: RFC 6265 section 5.4 allows one, and two could hide a session. */
type SingleField = 'host' | 'origin' | 'authorization' | 'cookie' | 'dpop' | 'upgrade' | 'key' | 'version' | 'length';

const SINGLE_FIELDS: ReadonlyMap<string, SingleField> = new Map([
  ['host', 'host'],
  ['origin', 'origin'],
  ['authorization', 'authorization'],
  ['cookie', 'cookie'],
  ['dpop', 'dpop'],
  ['upgrade', 'upgrade'],
  ['sec-websocket-key', 'key'],
  ['sec-websocket-version', 'version'],
  ['content-length', 'length'],
]);

const FORWARDING_FIELDS = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-real-ip'] as const;

const NOT_FORWARDED: ForwardingFields = Object.freeze({});

const OTHER_CREDENTIAL_FIELDS: ReadonlySet<string> = new Set(['proxy-authorization', 'x-api-key', 'x-auth-token']);

/**
 * Reads the head of a request from `rawHeaders`.
 *
 * Node's own `headers` hides repetitions: of two `Host` or `Authorization` fields it keeps the first, where a proxy may
 * have kept the last (measured, Node 20.20).
 */
export function readRequestHead(request: RawRequest): RequestHead {
  const { rawHeaders } = request;
  const single: Partial<Record<SingleField, string>> = {};
  let connection: string | undefined;
  let subprotocols: string | undefined;
  let hasRepeatedField = false;
  let hasTransferEncoding = false;
  let hasForwardingField = false;
  let forwarding = NOT_FORWARDED;
  let hasOtherCredentialField = false;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    const field = SINGLE_FIELDS.get(name);
    const claim = FORWARDING_FIELDS.find((known) => known === name);
    if (field !== undefined) {
      if (single[field] !== undefined) hasRepeatedField = true;
      single[field] = value;
    } else if (name === 'connection') {
      connection = connection === undefined ? value : `${connection},${value}`;
    } else if (name === 'sec-websocket-protocol') {
      subprotocols = subprotocols === undefined ? value : `${subprotocols},${value}`;
    } else if (name === 'transfer-encoding') {
      hasTransferEncoding = true;
    } else if (claim !== undefined) {
      hasForwardingField = true;
      const earlier = forwarding[claim];
      forwarding = { ...forwarding, [claim]: earlier === undefined ? value : `${earlier},${value}` };
    } else if (name === 'via' || name.startsWith('x-forwarded')) {
      hasForwardingField = true;
    } else if (OTHER_CREDENTIAL_FIELDS.has(name)) {
      hasOtherCredentialField = true;
    }
  }
  return {
    method: request.method,
    httpVersion: request.httpVersion,
    target: request.url ?? '',
    headerCount: Math.ceil(rawHeaders.length / 2),
    hasRepeatedField,
    hasBody: hasTransferEncoding || (single.length !== undefined && single.length !== '0'),
    hasForwardingField,
    forwarding,
    hasOtherCredentialField,
    host: single.host,
    origin: single.origin,
    authorization: single.authorization,
    cookie: single.cookie,
    dpop: single.dpop,
    upgrade: single.upgrade,
    connection,
    key: single.key,
    version: single.version,
    subprotocols,
  };
}
