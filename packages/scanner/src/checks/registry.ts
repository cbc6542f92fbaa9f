import { binaryFramesCheck } from './binary-frames.check.js';
import { brokenFramesCheck } from './broken-frames.check.js';
import { certificateCheck } from './certificate.check.js';
import type { Check } from './check.js';
import { compressionCheck } from './compression.check.js';
import { cookieAttributesCheck } from './cookie-attributes.check.js';
import { crashCheck } from './crash.check.js';
import { crossSiteCookieCheck } from './cross-site-cookie.check.js';
import { declaredAccessCheck } from './declared-access.check.js';
import { decompressionBombCheck } from './decompression-bomb.check.js';
import { deepNestingCheck } from './deep-nesting.check.js';
import { duplicateFieldsCheck } from './duplicate-fields.check.js';
import { errorLeaksCheck } from './error-leaks.check.js';
import { eventEnumerationCheck } from './event-enumeration.check.js';
import { expiredCredentialCheck } from './expired-credential.check.js';
import { extensionOffersCheck } from './extension-offers.check.js';
import { foreignHostCheck } from './foreign-host.check.js';
import { foreignOriginCheck } from './foreign-origin.check.js';
import { foreignSubprotocolCheck } from './foreign-subprotocol.check.js';
import { forgedTokenCheck } from './forged-token.check.js';
import { fragmentsCheck } from './fragments.check.js';
import { handshakeRateCheck } from './handshake-rate.check.js';
import { idleConnectionsCheck } from './idle-connections.check.js';
import { injectionCheck } from './injection.check.js';
import { logOutCheck } from './log-out.check.js';
import { malformedHandshakeCheck } from './malformed-handshake.check.js';
import { messageRateCheck } from './message-rate.check.js';
import { missingOriginCheck } from './missing-origin.check.js';
import { nullOriginCheck } from './null-origin.check.js';
import { oldTlsCheck } from './old-tls.check.js';
import { originBypassCheck } from './origin-bypass.check.js';
import { otherIdentityCheck } from './other-identity.check.js';
import { oversizedMessageCheck } from './oversized-message.check.js';
import { plaintextCheck } from './plaintext.check.js';
import { prototypeKeysCheck } from './prototype-keys.check.js';
import { replayCheck } from './replay.check.js';
import { requestSmugglingCheck } from './request-smuggling.check.js';
import { slowReaderCheck } from './slow-reader.check.js';
import { strictTransportCheck } from './strict-transport.check.js';
import { tokenClaimsCheck } from './token-claims.check.js';
import { tokenExpiryCheck } from './token-expiry.check.js';
import { tokenInUrlCheck } from './token-in-url.check.js';
import { unauthenticatedCheck } from './unauthenticated.check.js';
import { unknownPathCheck } from './unknown-path.check.js';

/**
 * Every check, in the order in which they run: what a server punishes (forged tokens, broken frames, floods) comes last, so
 * that it refuses nothing that is asked after it. A token that is about to expire is looked at while it is good, and the log-out, which
 * ends the good credential, is the end.
 */
export const CHECKS: readonly Check[] = [
  plaintextCheck,
  certificateCheck,
  oldTlsCheck,
  strictTransportCheck,
  tokenExpiryCheck,
  foreignOriginCheck,
  crossSiteCookieCheck,
  originBypassCheck,
  nullOriginCheck,
  missingOriginCheck,
  cookieAttributesCheck,
  foreignHostCheck,
  unknownPathCheck,
  malformedHandshakeCheck,
  duplicateFieldsCheck,
  requestSmugglingCheck,
  foreignSubprotocolCheck,
  compressionCheck,
  extensionOffersCheck,
  unauthenticatedCheck,
  expiredCredentialCheck,
  tokenInUrlCheck,
  otherIdentityCheck,
  declaredAccessCheck,
  eventEnumerationCheck,
  replayCheck,
  binaryFramesCheck,
  fragmentsCheck,
  deepNestingCheck,
  prototypeKeysCheck,
  injectionCheck,
  oversizedMessageCheck,
  forgedTokenCheck,
  tokenClaimsCheck,
  handshakeRateCheck,
  errorLeaksCheck,
  crashCheck,
  brokenFramesCheck,
  messageRateCheck,
  decompressionBombCheck,
  idleConnectionsCheck,
  slowReaderCheck,
  logOutCheck,
];
