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
