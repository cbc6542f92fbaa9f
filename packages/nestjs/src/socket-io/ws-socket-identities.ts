import type { IncomingMessage } from 'node:http';
import { AuthenticationError, type WsAuthenticator } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';

/**
 * Who is behind a socket of another adapter, such as Socket.IO, where the module does not see the handshake. Injectable;
 * call {@link authenticate} in a middleware of the server, before the connection is accepted.
 *
 * Identities are kept beside the sockets, never on them: nothing that a client or a handler assigns changes one.
 */
export class WsSocketIdentities {
  readonly #principals = new WeakMap<object, Principal>();

  /** @internal */
  constructor(private readonly authenticators: readonly WsAuthenticator[]) {}

  /**
   * Verifies a bearer token and remembers whose socket it is.
   *
   * @param client the socket that gateways see as their client.
   * @throws {AuthenticationError} when the token is refused; the socket then has no identity, and every message of it is
   * answered with `FORBIDDEN`.
   */
  async authenticate(client: object, token: string, request: IncomingMessage): Promise<Principal> {
    const credential = { scheme: 'bearer', value: token, source: 'authorization' } as const;
    const authenticator = this.authenticators.find((candidate) => candidate.accepts(credential));
    if (authenticator === undefined) throw new AuthenticationError('unsupported-scheme');
    const principal = await authenticator.authenticate(credential, request);
    this.#principals.set(client, principal);
    return principal;
  }

  /** The identity of a socket, or `undefined`. */
  principalOf(client: object): Principal | undefined {
    return this.#principals.get(client);
  }
}
