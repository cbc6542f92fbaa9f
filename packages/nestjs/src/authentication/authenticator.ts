import type { IncomingMessage } from 'node:http';
import type { Awaitable } from '../core/awaitable.js';
import type { PrincipalInput } from '../core/principal.js';
import type { AuthenticationFailure } from './authentication-failures.js';

/** Where a credential was found: in the handshake, or in a message `$auth`. */
export type CredentialSource = 'authorization' | 'subprotocol' | 'cookie' | 'client-certificate' | 'message';

/** A credential as the client sent it, not yet verified. */
export interface WsCredential {
  /** Lower-case scheme: `bearer`, `ticket`, `apikey`, ... */
  readonly scheme: string;
  readonly value: string;
  readonly source: CredentialSource;
  /** What came with it, for the scheme `dpop`. */
  readonly proof?: DpopProof;
}

/** A proof that whoever sends a token holds its key (RFC 9449), not yet verified. */
export interface DpopProof {
  readonly jwt: string;
  /** The URL of the handshake, as this server knows it: what the proof must be for. */
  readonly url: string;
}

/** What the handshake has established before a credential is verified. */
export interface WsHandshakeFacts {
  /** The allowed `Origin` in its normal form; `undefined` where the client sent none. */
  readonly origin: string | undefined;
  /** The address of the client, behind the listed proxies. Empty for a Unix socket. */
  readonly clientAddress: string;
  /**
   * The SHA-256 thumbprint of the certificate whose key the client has proved to hold, in base64url (`x5t#S256` of RFC 8705
   * section 3.1): found on the socket, or behind a proxy in the field of `handshake.trustedProxies.clientCertificate`.
   * Nobody has to have signed it.
   */
  readonly certificateThumbprint?: string | undefined;
}

/** Thrown by an authenticator to refuse a credential. Anything else that is thrown refuses too, as `unavailable`. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';

  /** @param options with a `cause` that the operator should read: it is logged, and told to nobody else. */
  constructor(
    readonly failure: AuthenticationFailure,
    options?: ErrorOptions,
  ) {
    super(`The credential was refused: ${failure}.`, options);
  }
}

/** A proof is good but for the nonce of this server, which the client is then told (RFC 9449 section 9). */
export class DpopNonceRequiredError extends AuthenticationError {
  constructor(readonly nonce: string) {
    super('missing-nonce');
  }
}

/** Verifies one kind of credential. */
export abstract class WsAuthenticator {
  /** The `kind` of the principals that it makes. */
  abstract readonly kind: string;

  /** Whether a credential is of this authenticator's kind: `true` or `false` at once. A promise refuses the handshake. */
  abstract accepts(credential: WsCredential): boolean;

  /**
   * Verifies the credential, and answers whose it is. The answer is checked and copied: a missing id, roles that are no
   * list or an `expiresAt` that is not a number refuse with `500`, an `expiresAt` that is past with `401`.
   *
   * @param request the upgrade request. When a connection is refreshed it has no header fields: use `facts`.
   * @param facts `undefined` on another adapter, where the handshake is not the module's.
   * @throws {AuthenticationError} when it is refused. Only an answer admits.
   */
  abstract authenticate(
    credential: WsCredential,
    request: IncomingMessage,
    facts?: WsHandshakeFacts,
  ): Awaitable<PrincipalInput>;
}
