import type { IncomingMessage } from 'node:http';
import type { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import { AuthenticationError } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';

/**
 * Who is behind a socket of another adapter, such as Socket.IO, where the module does not see the handshake. Injectable;
 * call {@link authenticate} in a middleware of the server, before the connection is accepted.
 *
 * Identities are kept beside the sockets, never on them: nothing that a client or a handler assigns changes one.
 */
export class WsSocketIdentities {
  readonly #principals = new WeakMap<object, Principal>();
  /** The latest call for each socket: the answer of an earlier one comes too late. */
  readonly #latest = new WeakMap<object, object>();
  #onChange: ((client: object) => void) | undefined;
  #onKnown: ((client: object, principal: Principal) => void) | undefined;

  /** @internal */
  constructor(private readonly authenticators: () => readonly AuthenticatorBlock[]) {}

  /**
   * Verifies a bearer token and remembers whose socket it is, which is disconnected when the token expires. The identity that
   * the socket had until then ends with the call.
   *
   * @param client the socket that gateways see as their client.
   * @throws {AuthenticationError} when the token is refused; the socket then has no identity, and every message of it is
   * answered with `FORBIDDEN`.
   */
  async authenticate(client: object, token: string, request: IncomingMessage): Promise<Principal> {
    const attempt = {};
    this.#latest.set(client, attempt);
    this.#principals.delete(client);
    this.#onChange?.(client);
    const credential = { scheme: 'bearer', value: token, source: 'authorization' } as const;
    const authenticator = this.authenticators().find((candidate) => candidate.accepts(credential));
    if (authenticator === undefined) throw new AuthenticationError('unsupported-scheme');
    const principal = await authenticator.authenticate(credential, request);
    if (this.#latest.get(client) === attempt) {
      this.#principals.set(client, principal);
      this.#onKnown?.(client, principal);
    }
    return principal;
  }

  /**
   * Calls `run` whenever the identity of a socket ends.
   *
   * @internal
   */
  onChange(run: (client: object) => void): void {
    this.#onChange = run;
  }

  /**
   * Calls `run` whenever a socket has got an identity.
   *
   * @internal
   */
  onKnown(run: (client: object, principal: Principal) => void): void {
    this.#onKnown = run;
  }

  /** The identity of a socket, or `undefined`. */
  principalOf(client: object): Principal | undefined {
    return this.#principals.get(client);
  }
}
