/**
 * The codes of error frames with the generic text that goes with each.
 *
 * The text never depends on the message that was refused (OWASP ASVS 5.0 16.5.1).
 */
export const ERROR_MESSAGES = Object.freeze({
  BAD_MESSAGE: 'The message could not be read.',
  FORBIDDEN: 'This is not allowed.',
  VALIDATION_FAILED: 'The data of the message is not valid.',
  THROTTLED: 'Too many messages.',
  EXPIRED: 'The message came too late.',
  REPLAYED: 'The message was already received.',
  STEP_UP_REQUIRED: 'A recent log-in is required.',
  TIMEOUT: 'The request took too long.',
  OVERLOADED: 'The server is busy.',
  APPLICATION: 'The application refused the request.',
  INTERNAL: 'The request failed.',
});

/** The `code` of an error frame. `UNKNOWN_EVENT` is only sent where `detailedErrors` is on. */
export type WsErrorCode = keyof typeof ERROR_MESSAGES | 'UNKNOWN_EVENT';
