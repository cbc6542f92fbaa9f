import { brokenFramesCheck } from './broken-frames.check.js';
import type { Check } from './check.js';
import { compressionCheck } from './compression.check.js';
import { declaredAccessCheck } from './declared-access.check.js';
import { duplicateFieldsCheck } from './duplicate-fields.check.js';
import { errorLeaksCheck } from './error-leaks.check.js';
import { eventEnumerationCheck } from './event-enumeration.check.js';
import { expiredCredentialCheck } from './expired-credential.check.js';
import { foreignHostCheck } from './foreign-host.check.js';
import { foreignOriginCheck } from './foreign-origin.check.js';
import { foreignSubprotocolCheck } from './foreign-subprotocol.check.js';
import { forgedTokenCheck } from './forged-token.check.js';
import { handshakeRateCheck } from './handshake-rate.check.js';
import { malformedHandshakeCheck } from './malformed-handshake.check.js';
import { messageRateCheck } from './message-rate.check.js';
import { missingOriginCheck } from './missing-origin.check.js';
import { nullOriginCheck } from './null-origin.check.js';
import { originBypassCheck } from './origin-bypass.check.js';
import { otherIdentityCheck } from './other-identity.check.js';
import { oversizedMessageCheck } from './oversized-message.check.js';
import { plaintextCheck } from './plaintext.check.js';
import { tokenInUrlCheck } from './token-in-url.check.js';
import { unauthenticatedCheck } from './unauthenticated.check.js';
import { unknownPathCheck } from './unknown-path.check.js';

/**
 * Every check, in the order in which they run: what a server punishes (broken frames, floods) comes last, so that it
 * refuses nothing that is asked after it.
 */
export const CHECKS: readonly Check[] = [
  plaintextCheck,
  foreignOriginCheck,
  originBypassCheck,
  nullOriginCheck,
  missingOriginCheck,
  foreignHostCheck,
  unknownPathCheck,
  malformedHandshakeCheck,
  duplicateFieldsCheck,
  foreignSubprotocolCheck,
  compressionCheck,
  unauthenticatedCheck,
  expiredCredentialCheck,
  tokenInUrlCheck,
  otherIdentityCheck,
  declaredAccessCheck,
  eventEnumerationCheck,
  oversizedMessageCheck,
  forgedTokenCheck,
  handshakeRateCheck,
  errorLeaksCheck,
  brokenFramesCheck,
  messageRateCheck,
];
