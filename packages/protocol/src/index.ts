export { CLOSE_CODES, closeCodeName, reconnectAdvice } from './close-codes.js';
export type { CloseCodeEntry, CloseCodeName, ReconnectAdvice } from './close-codes.js';
export { formatCloseReason, MAX_CLOSE_REASON_BYTES, parseCloseReason } from './close-reason.js';
export type { CloseReason } from './close-reason.js';
export { ERROR_EVENT, isMessageId, RESERVED_EVENT_PREFIX } from './envelope.js';
export type { ClientMessage, ErrorData, ErrorMessage, MessageId, ServerMessage, ValidationIssue } from './envelope.js';
export { ERROR_MESSAGES } from './error-codes.js';
export type { WsErrorCode } from './error-codes.js';
export {
  BEARER_SUBPROTOCOL_PREFIX,
  CBOR_SUBPROTOCOL,
  CHALLENGE_SUBPROTOCOL_PREFIX,
  CREDENTIAL_SUBPROTOCOL_PREFIXES,
  CSRF_SUBPROTOCOL_PREFIX,
  DPOP_SUBPROTOCOL_PREFIX,
  JSON_SUBPROTOCOL,
  MSGPACK_SUBPROTOCOL,
  SECURE_WS_SUBPROTOCOL,
  SUBPROTOCOLS,
  TICKET_SUBPROTOCOL_PREFIX,
} from './subprotocols.js';
