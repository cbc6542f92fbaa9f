import type { AuthenticationFailure } from '../authentication/authenticator.js';
import type { HandshakeReason } from './handshake-reasons.js';
import type { OwaspEventName } from './owasp-event-name.js';

/** A handshake that ended in `101`. */
export interface HandshakeAcceptedEvent {
  readonly type: 'ws.handshake.accepted';
  readonly owasp: 'authn_login_success';
  readonly connectionId: string;
  readonly path: string;
  readonly address: string;
  readonly origin?: string;
  /** The authenticator's kind. */
  readonly method: string;
  readonly principal: string;
}

/** A handshake that was answered with an HTTP status, or with `101` and a Close frame that says the same. */
export interface HandshakeRefusedEvent {
  readonly type: 'ws.handshake.refused';
  readonly owasp: OwaspEventName;
  readonly status: number;
  /** The check that refused. */
  readonly reason: HandshakeReason;
  /** What was wrong with the credential. The client is never told. */
  readonly failure?: AuthenticationFailure;
  readonly path?: string;
  readonly address: string;
  /** The `Origin` header as it came, cut to 200 characters. Never trust it. */
  readonly origin?: string;
  /** The path of the option that moves the limit that was met, such as `handshake.limits.maxOpenPerAddress`. */
  readonly option?: string;
  /** Who it was, where the credential had been verified by then. */
  readonly principal?: string;
}

/** A handshake that met a limit which only reports for now, and went on. */
export interface HandshakeReportedEvent extends Omit<HandshakeRefusedEvent, 'type' | 'status'> {
  readonly type: 'ws.handshake.reported';
}

/**
 * A forwarding field (`X-Forwarded-For`, `Forwarded`, ...) came from an address that is not a trusted proxy, and was not
 * believed: either somebody lies about an address, or a proxy is missing in `handshake.trustedProxies`.
 */
export interface ForwardingIgnoredEvent {
  readonly type: 'ws.handshake.forwarding-ignored';
  readonly owasp: 'malicious_extraneous';
  readonly address: string;
  /** The field's name, one of a fixed few; never its value. */
  readonly header: string;
  readonly option: 'handshake.trustedProxies';
}
