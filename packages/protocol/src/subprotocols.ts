/** Plain JSON messages, as in {@link ClientMessage}. The same as offering no subprotocol. */
export const JSON_SUBPROTOCOL = 'json.v1';

/** JSON messages plus the module's own `$` events and visible refusals. */
export const SECURE_WS_SUBPROTOCOL = 'secure-ws.v1';

/** The messages of `secure-ws.v1` in MessagePack, where a gateway offers it. */
export const MSGPACK_SUBPROTOCOL = 'msgpack.v1';

/** The messages of `secure-ws.v1` in CBOR (RFC 8949), where a gateway offers it. */
export const CBOR_SUBPROTOCOL = 'cbor.v1';

/**
 * The subprotocols that every server answers with, in its order of preference. Those that a gateway offers besides, codecs
 * and the application's own, come before them.
 */
export const SUBPROTOCOLS = Object.freeze([SECURE_WS_SUBPROTOCOL, JSON_SUBPROTOCOL] as const);

/** Prefix of the list entry that carries a bearer token, the only place a browser page can put one. Never answered. */
export const BEARER_SUBPROTOCOL_PREFIX = 'bearer.';

/** Prefix of the list entry that carries a ticket: a credential that opens one connection. Never answered. */
export const TICKET_SUBPROTOCOL_PREFIX = 'ticket.';

/** Prefix of the list entry that carries the CSRF token of a cookie session. Never answered. */
export const CSRF_SUBPROTOCOL_PREFIX = 'csrf.';

/** Prefix of the list entry that carries the solution of a challenge. Never answered. */
export const CHALLENGE_SUBPROTOCOL_PREFIX = 'challenge.';

/** Prefix of the list entry that carries a DPoP proof (RFC 9449) beside a `bearer.` entry. Never answered. */
export const DPOP_SUBPROTOCOL_PREFIX = 'dpop.';

/** What the list entries begin with that carry something secret: none of them is the name of a subprotocol. */
export const CREDENTIAL_SUBPROTOCOL_PREFIXES = Object.freeze([
  BEARER_SUBPROTOCOL_PREFIX,
  TICKET_SUBPROTOCOL_PREFIX,
  CSRF_SUBPROTOCOL_PREFIX,
  CHALLENGE_SUBPROTOCOL_PREFIX,
  DPOP_SUBPROTOCOL_PREFIX,
] as const);
