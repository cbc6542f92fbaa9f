import { TLSSocket } from 'node:tls';
import { SUBPROTOCOLS } from '@secure-ws/protocol';
import { isLoopbackAddress } from '../core/address-key.js';
import { type Authority, isLoopbackHostname } from './authority.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import type { OriginVerdict } from './origin-policy.js';
import type { RequestHead } from './request-head.js';
import { parseSubprotocols } from './subprotocol.js';

/** The options that {@link checkTransport} follows. */
export interface TransportRules {
  readonly allowPlaintext: boolean;
  readonly isProduction: boolean;
  /** `handshake.publicUrl` as `https://host[:port]`, without a slash at the end. */
  readonly publicOrigin: string | undefined;
}

/** What {@link checkTransport} judges. */
export interface TransportFacts {
  readonly isEncrypted: boolean;
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly head: RequestHead;
  readonly host: Authority;
  readonly origin: OriginVerdict;
  /** The path of the gateway, already matched. */
  readonly path: string;
}

/**
 * Lets TLS pass, and plaintext only where nobody else can listen: on one machine, outside production (OWASP ASVS 5.0
 * 4.4.1, 4.1.2).
 *
 * @returns `308` to the public URL for a request without a credential, else `403`; `undefined` when it may pass.
 */
export function checkTransport(facts: TransportFacts, rules: TransportRules): HandshakeRefusal | undefined {
  if (facts.isEncrypted || rules.allowPlaintext || isLoopbackOnly(facts, rules)) return undefined;
  // A client that sent its credential in the clear has leaked it: a redirect would hide that for ever.
  if (rules.publicOrigin === undefined || mayCarryCredential(facts.head)) return refuse('plaintext');
  // From the configuration and the gateway's own path, never from Host: that would be an open redirect.
  return refuse('plaintext-redirect', { headers: { Location: rules.publicOrigin + facts.path } });
}

const FORWARD_SECRET_AEAD = /^TLS_(?:ECDHE|DHE)_\w+_(?:GCM_SHA\d+|CCM(?:_8)?|CHACHA20_POLY1305_SHA256)$/;

/**
 * Whether a TLS connection could be read later by whoever gets hold of the server's key, or be changed: anything before TLS
 * 1.2, and in 1.2 everything but AEAD ciphers with an ephemeral key (OWASP ASVS 5.0 12.1.1, 12.1.2). Node's own default list
 * lets clients ask for them.
 */
export function isWeakTls(socket: object): boolean {
  if (!(socket instanceof TLSSocket)) return false;
  const protocol = socket.getProtocol();
  if (protocol === 'TLSv1.3') return false;
  return protocol !== 'TLSv1.2' || !FORWARD_SECRET_AEAD.test(socket.getCipher().standardName);
}

function isLoopbackOnly(facts: TransportFacts, rules: TransportRules): boolean {
  return (
    !rules.isProduction &&
    isLoopbackAddress(facts.localAddress) &&
    isLoopbackAddress(facts.remoteAddress) &&
    isLoopbackHostname(facts.host.hostname) &&
    isLoopbackOrigin(facts.origin) &&
    // A proxy on this machine makes every client look local.
    !facts.head.hasForwardingField
  );
}

function isLoopbackOrigin(verdict: OriginVerdict): boolean {
  if (verdict.kind === 'absent') return true;
  return verdict.kind === 'allowed' && verdict.origin !== undefined && isLoopbackHostname(verdict.origin.hostname);
}

/** Whether anything in a request could be a secret. Every unknown subprotocol counts: pages put raw tokens there. */
function mayCarryCredential(head: RequestHead): boolean {
  if (head.authorization !== undefined || head.cookie !== undefined || head.hasOtherCredentialField) return true;
  if (head.target.includes('?')) return true;
  if (head.subprotocols === undefined) return false;
  const offered = parseSubprotocols(head.subprotocols);
  return offered === undefined || !offered.every((entry) => SUBPROTOCOLS.some((known) => known === entry));
}
