import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProvedCertificate } from '../core/proved-certificate.js';
import type { RevokedCertificates } from '../authentication/client-certificate/revoked-certificates.js';
import type { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import type { CredentialSource, WsCredential } from '../authentication/authenticator.js';
import type { Awaitable } from '../core/awaitable.js';
import { plainAddress } from '../core/address-key.js';
import type { Principal } from '../core/principal.js';
import type { AmbientAuthenticator } from '../authentication/ambient.authenticator.js';
import type { Authority } from './authority.js';
import type { HandshakeRefusal, HandshakeRefusalReason } from './handshake-refusal.js';
import type { PrincipalLease } from './limits/principal-caps.js';
import type { Invitation } from './limits/invitations.js';
import type { Reservation } from './limits/reservations.js';
import type { OriginRules, OriginVerdict } from './origin-policy.js';
import type { CertificateFields } from './client-address.js';
import type { RequestHead } from './request-head.js';

/** What the adapter hands to the guard for each `upgrade` event. */
export interface HandshakeInput {
  readonly request: IncomingMessage;
  /** The raw socket, with an `error` listener already on it. */
  readonly socket: Duplex;
  /** What lives at exactly this path; `undefined` when nothing does. */
  readonly endpointAt: (path: string) => HandshakeEndpoint | undefined;
  readonly observer: HandshakeObserver;
  /** What is measured of it; absent where nobody observes. */
  readonly observation?: HandshakeMeasure | undefined;
}

/** Does the checks inside of a trace. */
export interface HandshakeMeasure {
  /** Origin and address are judged. */
  begin(context: HandshakeContext): void;
  run<T>(work: () => T): T;
}

/** One path, as the handshake sees it. */
export interface HandshakeEndpoint {
  /** The gateways there: the keys of `WsHandshakeGuard.setGatewayGuards()`. */
  readonly gateways: readonly object[];
  /** What is spoken there, in the order of preference. */
  readonly subprotocols: readonly string[];
  /** `undefined`: those of the module. */
  readonly origins?: OriginRules | undefined;
  /** Asked in their order; the first that accepts a credential decides, and no other one is asked after it. */
  readonly authenticators: readonly AuthenticatorBlock[];
  /** What the loaded revocation lists name. */
  readonly revokedCertificates: Pick<RevokedCertificates, 'refuses'>;
  /** Whether a page of an allowed origin may connect without any credential (AN-12). */
  readonly admitsAnonymous: boolean;
  /** Whether a client without any credential may send one as its first message (AN-01). */
  readonly admitsFirstMessage: boolean;
}

/** Told about what the decision itself does not say. Must not throw. */
export interface HandshakeObserver {
  /** A limit was met, whether it refuses or only reports. */
  onLimit(limit: MetLimit): void;
  /** A peer that is no listed proxy sent forwarding fields, which were not believed. */
  onForwardingIgnored(address: string, head: RequestHead): void;
  /** The same of the field that carries client certificates. */
  onCertificateIgnored(address: string, header: string): void;
}

/** A limit that a handshake met. */
export interface MetLimit {
  readonly reason: HandshakeRefusalReason;
  /** The path of the option that moves it. */
  readonly option: string;
  /** `false`: it only reports, and the handshake goes on. */
  readonly enforced: boolean;
  readonly address: string;
}

/** A handshake that may be answered with `101`. */
export interface HandshakeAdmission {
  readonly admitted: true;
  /** The id of the connection to be: its places among those of its principal are held under it. */
  readonly connectionId: string;
  readonly principal: Principal;
  /** The places of the connection among those of its principal. */
  readonly lease: PrincipalLease;
  /** The subprotocol to answer with; absent when the client offered none. */
  readonly subprotocol?: string;
  /** The path of the gateway. */
  readonly path: string;
  /** The URL of the handshake, as this server knows it. */
  readonly url: string;
  /** What the credential is bound to; absent where it is bound to none. */
  readonly certificate?: ProvedCertificate;
  /** The allowed origin in its normal form; absent when the client sent none. */
  readonly origin?: string;
  /** The address of the client, behind the listed proxies; IPv4 in its own form. Empty for a Unix socket. */
  readonly clientAddress: string;
  /** Where the credential that decided was found; `'none'` for an anonymous client. */
  readonly credentialKind: CredentialSource | 'none';
  /** Header fields that the gateway's guards set, for the `101`. */
  readonly fields: readonly HeaderField[];
  /**
   * Gives back every place that the connection holds. The end of its socket does so as well, whatever ends it; calling it
   * again does nothing (DR-03).
   */
  readonly release: () => void;
}

/** A handshake that is answered with `101` so that its client can send a credential. Nobody is connected yet. */
export interface HandshakeInvitation {
  readonly admitted: true;
  readonly principal: undefined;
  readonly path: string;
  readonly url: string;
  readonly subprotocol?: string;
  readonly fields: readonly HeaderField[];
  /** Goes on with the handshake, once. Never rejects. */
  readonly authenticate: (credential: WsCredential) => Awaitable<HandshakeRefusal | HandshakeAdmission>;
  /** Calls back when the place of a client that has said nothing goes to another one. */
  readonly whenLost: (onLost: () => void) => void;
  /** Ends the handshake, whatever still waits. @returns a refusal that tells what is known of the client. */
  readonly refuse: (reason: HandshakeRefusalReason) => HandshakeRefusal;
  readonly release: () => void;
}

/** A header field for the answer. */
export type HeaderField = readonly [name: string, value: string];

/** How a handshake ended. */
export type HandshakeDecision = HandshakeRefusal | HandshakeAdmission | HandshakeInvitation;

/** A session cookie or a client certificate, with the authenticator that will verify it. */
export interface AmbientCredential {
  readonly authenticator: AuthenticatorBlock;
  readonly proof: AmbientAuthenticator;
  readonly credential: WsCredential;
}

const NOWHERE: HandshakeEndpoint = Object.freeze({
  gateways: [],
  subprotocols: [],
  authenticators: [],
  revokedCertificates: { refuses: () => true },
  admitsAnonymous: false,
  admitsFirstMessage: false,
});

/**
 * What one handshake has established so far. Each step reads what the earlier ones wrote, and nothing else. An address in
 * backoff makes `address-limits` run `subprotocol` and `credentials` ahead of time; they write the same values again.
 */
export class HandshakeContext {
  /** In its one form; `undefined` for a Unix socket, and for a peer that had gone before anybody asked. */
  readonly remoteAddress: string | undefined;
  /** Written by `path`. */
  path = '';
  endpoint = NOWHERE;
  /** Written by `host`. */
  host: Authority = { hostname: '', port: undefined };
  /** Written by `origin`. */
  origin: OriginVerdict = { kind: 'denied' };
  /** That of the socket, until `client-address` has heard the proxies. */
  isEncrypted: boolean;
  /** Written by `client-address`. */
  clientAddress = '';
  isBehindProxy = false;
  /** The fields by which the proxy passes on the certificate of its client; `undefined` where it does not. */
  certificateFields: CertificateFields | undefined;
  /** Written by `address-limits`. */
  addressKey = '';
  reservation: Reservation | undefined;
  /** Written by `subprotocol`. */
  offeredSubprotocols: readonly string[] = [];
  subprotocol: string | undefined;
  /** Written by `credentials`: the URL that a DPoP proof must be for. */
  url = '';
  /** Written by `credentials`: the one that decides, with the authenticator that will verify it. */
  credential: WsCredential | undefined;
  /** Set in its place where the client has none, and needs none here. */
  isAnonymous = false;
  /** Set in its place where the client may send it as its first message. */
  isInvited = false;
  authenticator: AuthenticatorBlock | undefined;
  /** What a browser may have added by itself, beside the credential that decides or as that one. */
  ambient: readonly AmbientCredential[] = [];
  /** The CSRF token; set where the credential that decides needs one. */
  csrfToken: string | undefined;
  /** Written by `verification`. */
  principal: Principal | undefined;
  /** Of `WsHandshakeFacts.certificateThumbprint`; where somebody asked. */
  certificate: ProvedCertificate | undefined;
  /** Written by `gateway-guards`. */
  fields: readonly HeaderField[] = [];
  /** Written by `principal-limits`. */
  connectionId = '';
  lease: PrincipalLease | undefined;
  invitation: Invitation | undefined;
  /** The step that runs, for when the time is up. */
  step: string | undefined;
  /** Set when the answer has been given without waiting any longer: what still runs must not go on. */
  isOver = false;

  constructor(
    readonly input: HandshakeInput,
    readonly head: RequestHead,
  ) {
    // The types of Node call the socket of an upgrade a Duplex; it is a net.Socket or a TLSSocket.
    const socket: Duplex & { encrypted?: unknown; remoteAddress?: unknown } = input.socket;
    this.remoteAddress = addressOf(socket.remoteAddress);
    this.isEncrypted = socket.encrypted === true;
  }

  /** That of this side, as {@link remoteAddress}. Asking is a system call, and most handshakes are judged without. */
  get localAddress(): string | undefined {
    const socket: Duplex & { localAddress?: unknown } = this.input.socket;
    return addressOf(socket.localAddress);
  }
}

function addressOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? plainAddress(value) : undefined;
}
