import type { IncomingMessage } from 'node:http';
import { addressKey } from '../../core/address-key.js';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { Principal } from '../../core/principal.js';
import { AuthenticationError, WsAuthenticator, type WsCredential, type WsHandshakeFacts } from '../authenticator.js';
import { isTicket, type TicketVault } from './ticket-vault.js';

/** Whose connection a ticket opens: all that is known of who paid for it, the block that vouches for them included. */
type TicketPrincipal = Omit<Principal, 'key'>;

/**
 * Takes tickets, `ticket.<value>` in the subprotocol list or `Authorization: Ticket <value>`. Each is taken before it is
 * looked at: one that comes from elsewhere than it was made for is burned, since whoever sent it has it.
 */
export class TicketAuthenticator extends WsAuthenticator {
  override readonly kind = 'ticket';

  /** @param audience the block that the tickets must be for. */
  constructor(
    private readonly vault: TicketVault,
    private readonly audience: string,
  ) {
    super();
  }

  override accepts({ scheme }: WsCredential): boolean {
    return scheme === 'ticket';
  }

  override authenticate(
    { value }: WsCredential,
    _request: IncomingMessage,
    facts?: WsHandshakeFacts,
  ): Awaitable<TicketPrincipal> {
    if (facts === undefined) throw new AuthenticationError('unsupported-scheme');
    if (!isTicket(value)) throw new AuthenticationError('malformed');
    return andThen(this.vault.take(value), (content) => {
      if (content === undefined) throw new AuthenticationError('spent');
      const { audience, origin, address, principal } = content;
      if (audience !== this.audience) throw new AuthenticationError('bad-audience');
      if (origin !== facts.origin) throw new AuthenticationError('bad-origin');
      if (address !== undefined && address !== addressKey(facts.clientAddress)) {
        throw new AuthenticationError('bad-address');
      }
      return principal;
    });
  }
}
