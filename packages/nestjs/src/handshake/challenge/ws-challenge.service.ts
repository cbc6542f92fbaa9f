import type { IncomingMessage } from 'node:http';
import { addressKey, plainAddress } from '../../core/address-key.js';
import { findClient } from '../client-address.js';
import type { ResolvedHandshakeOptions } from '../handshake.options.js';
import { formatOrigin, parseOrigin } from '../origin.js';
import { readRequestHead } from '../request-head.js';
import type { WsChallengeVerifier } from './ws-challenge-verifier.js';

/**
 * Makes challenges for the pages of the application; injectable. Only where `handshake.challenge` is set and its verifier
 * makes them itself, as {@link WsProofOfWork} does.
 *
 * @example
 * ```ts
 * @Post('ws-challenge')
 * @Header('Cache-Control', 'no-store')
 * challenge(@Req() request: IncomingMessage) {
 *   return this.challenges.issue(request);
 * }
 * ```
 */
export class WsChallengeService {
  /** @internal */
  constructor(
    private readonly options: ResolvedHandshakeOptions,
    private readonly verifier: () => WsChallengeVerifier,
  ) {}

  /**
   * Makes a challenge for whoever sent a request: bound to its address, as the handshake will see it, and to its `Origin`.
   * Browsers send that with POST, and not with a GET of their own site.
   *
   * @param request that of Node or Express, or the `raw` one of Fastify.
   * @throws Error where the forwarding fields cannot be read, and where the verifier makes no challenges.
   */
  async issue(request: IncomingMessage): Promise<unknown> {
    const head = readRequestHead(request);
    const { remoteAddress } = request.socket;
    const peer = remoteAddress === undefined ? undefined : plainAddress(remoteAddress);
    const facts = { remoteAddress: peer, isEncrypted: false, forwarding: head.forwarding };
    const client = findClient(facts, this.options.proxies);
    if (client === undefined) throw new Error('The forwarding fields of a request for a challenge cannot be read.');
    return this.verifier().issue({ address: subjectAddress(addressKey(client.address)), origin: normal(head.origin) });
  }
}

/** An address as challenges are bound to it. */
export function subjectAddress(key: string): string {
  return key.replace(/^address:/, '');
}

/** As the handshake writes an allowed origin; whether it is one is judged there. */
function normal(field: string | undefined): string | undefined {
  const origin = field === undefined ? undefined : parseOrigin(field);
  return origin === undefined ? field : formatOrigin(origin);
}
