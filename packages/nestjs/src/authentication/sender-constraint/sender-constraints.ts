import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Awaitable } from '../../core/awaitable.js';
import { AuthenticationError, type WsCredential, type WsHandshakeFacts } from '../authenticator.js';
import { certificateThumbprint } from '../client-certificate/client-certificate.js';
import { isJsonObject } from '../../core/strict-json.js';
import type { DpopProofs } from './dpop-proofs.js';

/** Makes sure that who sends a token is the one it was issued to, where the token says so in `cnf` (RFC 7800). */
export class SenderConstraints {
  /** @param dpop `undefined`: no proof is read, and a token that needs one is refused. */
  constructor(private readonly dpop?: DpopProofs) {}

  /** Whether a credential is an access token: `bearer`, or `dpop` where proofs are checked. */
  accepts({ scheme }: WsCredential): boolean {
    return scheme === 'bearer' || (scheme === 'dpop' && this.dpop !== undefined);
  }

  /**
   * Checks the sender of a token; at once where there is nothing to verify.
   *
   * @param cnf the claim of the verified token.
   * @throws {AuthenticationError} when it is somebody else, or cannot be told; at once or as a rejection.
   */
  check(
    cnf: unknown,
    credential: WsCredential,
    request: IncomingMessage,
    facts: WsHandshakeFacts | undefined,
  ): Awaitable<void> {
    const { dpop } = this;
    if (cnf === undefined) {
      // RFC 9449 section 7.1: a proof for a token that is bound to no key proves nothing.
      if (credential.scheme === 'dpop') throw new AuthenticationError('bad-proof');
      if (dpop?.isRequired === true) throw new AuthenticationError('missing-proof');
      return undefined;
    }
    const { jkt, 'x5t#S256': certificate, ...others } = isJsonObject(cnf) ? cnf : { other: true };
    // A confirmation that nobody here can check confirms nothing, and neither does an empty one.
    const isKnown = jkt !== undefined || certificate !== undefined;
    if (!isKnown || Object.keys(others).length > 0) throw new AuthenticationError('bad-claims');
    if (certificate !== undefined) {
      const presented = facts === undefined ? thumbprintOn(request) : facts.certificateThumbprint;
      if (presented === undefined || certificate !== presented) throw new AuthenticationError('bad-certificate');
    }
    if (jkt === undefined) {
      if (credential.scheme === 'dpop') throw new AuthenticationError('bad-proof');
      return undefined;
    }
    const { proof, value } = credential;
    // RFC 9449 section 7.2: never as a bearer token, which whoever finds it could send.
    if (dpop === undefined || proof === undefined || credential.scheme !== 'dpop' || typeof jkt !== 'string') {
      throw new AuthenticationError('missing-proof');
    }
    return dpop.check(proof, value, jkt);
  }
}

/** On another adapter, where no proxy is known: that of the socket. */
function thumbprintOn({ socket }: IncomingMessage): string | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : certificateThumbprint(certificate);
}
