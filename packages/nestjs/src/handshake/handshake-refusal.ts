import { STATUS_CODES } from 'node:http';
import type { CloseCodeName } from '@secure-ws/protocol';
import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import { HTTP_FIELD_VALUE, HTTP_TOKEN } from '../core/http-syntax.js';

/** One row of the refusal catalogue: what goes on the wire for a reason. */
interface RefusalRow {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Fixed text. Nothing of the request is ever put into it (OWASP ASVS 5.0 16.5.1). */
  readonly body: string;
  /** The close code for a client that can be shown one; `undefined` where the refusal is never shown. */
  readonly close: CloseCodeName | undefined;
}

const row = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  close?: CloseCodeName,
): RefusalRow => Object.freeze({ status, body, headers: Object.freeze(headers), close });

const COME_BACK = { 'Retry-After': '5' };
// One text for every limit, and one for every refusal of a guard: which one it was tells an attacker what to go around
// (OD-06).
const TOO_MANY = 'Too many requests.';
const NOT_ADMITTED = 'This handshake is not admitted.';

/** Every answer to a refused handshake, in the order of the checks that give it. */
const CATALOGUE = Object.freeze({
  'not-ready': row(503, 'The server does not accept connections at the moment.', COME_BACK),
  shedding: row(503, 'The server is busy.', COME_BACK, 'OVERLOADED'),
  overloaded: row(503, 'The server is busy.', COME_BACK, 'OVERLOADED'),
  'too-many-headers': row(431, 'The request has too many header fields.'),
  'method-not-allowed': row(405, 'A WebSocket handshake is a GET request.', { Allow: 'GET' }),
  'bad-http-version': row(400, 'A WebSocket handshake is an HTTP/1.1 request.'),
  'repeated-header': row(400, 'A header field that may occur once occurs more than once.'),
  'unexpected-body': row(400, 'A WebSocket handshake has no body.'),
  'bad-upgrade': row(400, 'Only an upgrade to "websocket" is offered here.'),
  'bad-connection': row(400, 'Connection names a field that is not meant for one hop.'),
  'bad-key': row(400, 'Sec-WebSocket-Key is not valid.'),
  // As in the example of RFC 6455 section 4.4. An Upgrade field is left out: it would need "Connection: upgrade".
  'unsupported-version': row(426, 'Only version 13 of the WebSocket protocol is spoken here.', {
    'Sec-WebSocket-Version': '13',
  }),
  'unknown-path': row(404, 'There is nothing here.'),
  'bad-host': row(400, 'The Host field is not valid.'),
  'host-not-allowed': row(421, 'This server does not answer for that host.'),
  'origin-not-allowed': row(403, 'This origin may not connect.'),
  'bad-forwarding': row(400, 'The forwarding fields are not valid.'),
  'address-rate': row(429, TOO_MANY, COME_BACK, 'THROTTLED'),
  'address-backoff': row(429, TOO_MANY, COME_BACK, 'THROTTLED'),
  'address-pending': row(429, TOO_MANY, COME_BACK, 'THROTTLED'),
  'address-connections': row(429, TOO_MANY, COME_BACK, 'CONNECTION_LIMIT'),
  'plaintext-redirect': row(308, 'Connect with TLS.'),
  plaintext: row(403, 'Connect with TLS.'),
  'weak-tls': row(403, 'Connect with TLS 1.3, or 1.2 and a forward-secret AEAD cipher.'),
  'bad-subprotocol': row(400, 'None of the offered subprotocols is spoken here.'),
  challenge: row(403, 'Solve a challenge first.', {}, 'CHALLENGE_REQUIRED'),
  'challenge-unavailable': row(503, 'The server is busy.', COME_BACK, 'OVERLOADED'),
  'origin-missing': row(403, 'Send an Origin, or a credential in the Authorization field and no cookie.'),
  unauthenticated: row(401, 'A valid credential is required.', { 'WWW-Authenticate': 'Bearer' }, 'UNAUTHENTICATED'),
  'authenticator-unavailable': row(503, 'The server is busy.', COME_BACK, 'OVERLOADED'),
  'first-message-limit': row(429, TOO_MANY, COME_BACK, 'CONNECTION_LIMIT'),
  // After the `101`: told by their close codes.
  'first-message-timeout': row(401, 'A valid credential is required.', {}, 'AUTHENTICATION_TIMEOUT'),
  'first-message-event': row(401, 'A valid credential is required.', {}, 'POLICY_VIOLATION'),
  'first-message-size': row(401, 'A valid credential is required.', {}, 'TOO_BIG'),
  csrf: row(403, NOT_ADMITTED, {}, 'NOT_ADMITTED'),
  guard: row(403, NOT_ADMITTED, {}, 'NOT_ADMITTED'),
  'principal-rate': row(429, TOO_MANY, COME_BACK, 'THROTTLED'),
  'principal-backoff': row(429, TOO_MANY, COME_BACK, 'THROTTLED'),
  'principal-connections': row(429, TOO_MANY, COME_BACK, 'CONNECTION_LIMIT'),
  'client-gone': row(400, 'The client is gone.'),
  timeout: row(503, 'The server is busy.', COME_BACK, 'OVERLOADED'),
  internal: row(500, 'The request failed.', {}, 'INTERNAL'),
});

/** Why a handshake was refused: the vocabulary of audit events and counters. */
export type HandshakeRefusalReason = keyof typeof CATALOGUE;

/** A refused handshake. */
export interface HandshakeRefusal {
  readonly admitted: false;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly reason: HandshakeRefusalReason;
  /** Header fields beside those that the reason always has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When the client may come back, in milliseconds; goes into `Retry-After` in whole seconds. */
  readonly retryAfterMs?: number;
  /** The path of the option that moves the limit that was met. For the audit only. */
  readonly option?: string;
  /** What the handshake had established by then. For the audit only. */
  readonly facts?: RefusalFacts;
  /** How to show it to a web page, where the client can be shown it. */
  readonly shown?: ShownRefusal;
  /** What was wrong with the credential. For the audit only: the answer is the same for all of them. */
  readonly failure?: AuthenticationFailure;
  /** What was thrown, where something was. For the operator only; its text may hold what the client sent. */
  readonly cause?: unknown;
}

/** What a refusal may carry beside its reason. */
export type RefusalDetails = Pick<HandshakeRefusal, 'headers' | 'failure' | 'cause' | 'retryAfterMs' | 'option'>;

/** Whose handshake was refused, as far as it was known. */
export interface RefusalFacts {
  /** That of the peer as long as nothing better is known; empty for a Unix socket. */
  readonly clientAddress: string;
  /** The path of the gateway; empty before it was found, and what was asked for where there is none. */
  readonly path: string;
  /** The key of the principal. */
  readonly principal?: string;
}

/** What it takes to answer a refusal with `101` and a Close frame. */
export interface ShownRefusal {
  /** The `Sec-WebSocket-Key` of the request. */
  readonly key: string;
  readonly close: CloseCodeName;
}

const REASONS = Object.keys(CATALOGUE) as readonly HandshakeRefusalReason[];

const BARE: ReadonlyMap<HandshakeRefusalReason, HandshakeRefusal> = new Map(
  REASONS.map((reason) => [reason, Object.freeze({ admitted: false, status: CATALOGUE[reason].status, reason })]),
);

/** Makes a refusal. Without details it is one shared frozen object: a flood of refusals allocates nothing. */
export function refuse(reason: HandshakeRefusalReason, details?: RefusalDetails): HandshakeRefusal {
  const bare = BARE.get(reason);
  if (bare !== undefined && details === undefined) return bare;
  return Object.freeze({ admitted: false, status: CATALOGUE[reason].status, reason, ...details });
}

/** The close code that shows a refusal to a web page; `undefined` for one that is never shown. */
export function closeCodeOf(reason: HandshakeRefusalReason): CloseCodeName | undefined {
  return CATALOGUE[reason].close;
}

function formatResponse(reason: HandshakeRefusalReason, extra: Readonly<Record<string, string>>): string {
  const { status, headers, body } = CATALOGUE[reason];
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n`;
  for (const [name, value] of Object.entries({ ...headers, ...extra })) {
    if (!HTTP_TOKEN.test(name) || !HTTP_FIELD_VALUE.test(value)) {
      throw new TypeError('A header field of a refusal must be printable ASCII without line breaks.');
    }
    head += `${name}: ${value}\r\n`;
  }
  return (
    head +
    'Connection: close\r\n' +
    'Cache-Control: no-store\r\n' +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

const RESPONSES: ReadonlyMap<HandshakeRefusalReason, string> = new Map(
  REASONS.map((reason) => [reason, formatResponse(reason, {})]),
);

/**
 * The whole HTTP/1.1 response for a refusal, from status line to body.
 *
 * The reason and the refusal's own `headers` decide it; nothing of the request is in it, and every failed
 * authentication gets the same bytes (OWASP ASVS 5.0 6.3.8).
 *
 * @throws TypeError when a header field of the refusal is not printable ASCII (response splitting).
 */
export function refusalResponse(refusal: HandshakeRefusal): string {
  const { retryAfterMs, headers } = refusal;
  const prebuilt = retryAfterMs === undefined && headers === undefined ? RESPONSES.get(refusal.reason) : undefined;
  if (prebuilt !== undefined) return prebuilt;
  // RFC 9110 section 10.2.3: whole seconds, rounded up so that nobody is asked back too early.
  const hint = retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
  return formatResponse(refusal.reason, { ...headers, ...hint });
}
