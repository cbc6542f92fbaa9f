import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Subprotocol } from '@secure-ws/protocol';
import type { CredentialSource, WsAuthenticator, WsCredential } from '../authentication/authenticator.js';
import type { Principal } from '../authentication/principal.js';
import type { Authority } from './authority.js';
import type { HandshakeRefusal } from './handshake-refusal.js';
import type { OriginVerdict } from './origin-policy.js';
import type { RequestHead } from './request-head.js';

/** What the adapter hands to the guard for each `upgrade` event. */
export interface HandshakeInput {
  readonly request: IncomingMessage;
  /** The raw socket, with an `error` listener already on it. */
  readonly socket: Duplex;
  /** Whether a gateway lives at exactly this path. */
  readonly isPath: (path: string) => boolean;
}

/** A handshake that may be answered with `101`. */
export interface HandshakeAdmission {
  readonly admitted: true;
  readonly principal: Principal;
  /** The subprotocol to answer with; absent when the client offered none. */
  readonly subprotocol?: Subprotocol;
  /** The path of the gateway. */
  readonly path: string;
  /** The allowed origin in its normal form; absent when the client sent none. */
  readonly origin?: string;
  /** The address of the peer; IPv4 in its own form. Empty for a Unix socket. */
  readonly clientAddress: string;
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** Where the credential that decided was found. */
  readonly credentialKind: CredentialSource;
}

/** How a handshake ended. */
export type HandshakeDecision = HandshakeRefusal | HandshakeAdmission;

/** What one handshake has established so far. Each step reads what the earlier ones wrote, and nothing else. */
export interface HandshakeContext {
  readonly input: HandshakeInput;
  readonly head: RequestHead;
  readonly isEncrypted: boolean;
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  /** Written by `path`. */
  path: string;
  /** Written by `host`. */
  host: Authority;
  /** Written by `origin`. */
  origin: OriginVerdict;
  /** Written by `client-address`. */
  clientAddress: string;
  /** Written by `subprotocol`. */
  offeredSubprotocols: readonly string[];
  subprotocol: Subprotocol | undefined;
  /** Written by `credentials`, with the authenticator that will verify it. */
  credential: WsCredential | undefined;
  authenticator: WsAuthenticator | undefined;
}

/** Begins a context from the request and the socket. */
export function createHandshakeContext(input: HandshakeInput, head: RequestHead): HandshakeContext {
  // The types of Node call the socket of an upgrade a Duplex; it is a net.Socket or a TLSSocket.
  const socket: Duplex & { encrypted?: unknown; localAddress?: unknown; remoteAddress?: unknown } = input.socket;
  return {
    input,
    head,
    isEncrypted: socket.encrypted === true,
    localAddress: addressOf(socket.localAddress),
    remoteAddress: addressOf(socket.remoteAddress),
    path: '',
    host: { hostname: '', port: undefined },
    origin: { kind: 'denied' },
    clientAddress: '',
    offeredSubprotocols: [],
    subprotocol: undefined,
    credential: undefined,
    authenticator: undefined,
  };
}

function addressOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
