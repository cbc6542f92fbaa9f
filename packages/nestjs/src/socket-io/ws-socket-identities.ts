import type { IncomingMessage } from 'node:http';
import type { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import { AuthenticationError } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';
import type { SocketAdmission } from './socket-admission.js';

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
  /** Those whose latest call has not been answered yet. */
  readonly #pending = new WeakSet<object>();
  /** Who they were before the call that is not answered. */
  readonly #previous = new WeakMap<object, Principal>();
  /** Those that have ever had an identity. */
  readonly #admitted = new WeakSet<object>();
  readonly #onChange: ((client: object) => void)[] = [];
  #onKnown: ((client: object, principal: Principal) => void) | undefined;

  /** @internal */
  constructor(
    private readonly authenticators: () => readonly AuthenticatorBlock[],
    private readonly admission: Pick<SocketAdmission, 'check'>,
  ) {}

  /**
   * Verifies a bearer token and remembers whose socket it is, which is disconnected when the token expires or is revoked. The
   * identity that the socket had until then ends with the call.
   *
   * @param client the socket that gateways see as their client.
   * @throws {AuthenticationError} (as a rejection, like the others) when the token is refused, or revoked. The socket then has
   * no identity: every message of it is answered with `FORBIDDEN`, its declared replies and streams end, and in 10 seconds it
   * is disconnected.
   * @throws {WsBackoffError} for a new socket of whoever has to stay away, after too many violations.
   * @throws {SecureWsStoreError} where the store has no answer.
   */
  async authenticate(client: object, token: string, request: IncomingMessage): Promise<Principal> {
    const attempt = {};
    this.#latest.set(client, attempt);
    this.#pending.add(client);
    const previous = this.#principals.get(client);
    if (previous !== undefined) this.#previous.set(client, previous);
    this.#principals.delete(client);
    for (const run of this.#onChange) run(client);
    try {
      const principal = await this.#verify(client, token, request);
      if (this.#latest.get(client) === attempt) {
        this.#principals.set(client, principal);
        this.#admitted.add(client);
        this.#onKnown?.(client, principal);
      }
      return principal;
    } finally {
      if (this.#latest.get(client) === attempt) {
        this.#pending.delete(client);
        this.#previous.delete(client);
      }
    }
  }

  async #verify(client: object, token: string, request: IncomingMessage): Promise<Principal> {
    const credential = { scheme: 'bearer', value: token, source: 'authorization' } as const;
    const authenticator = this.authenticators().find((candidate) => candidate.accepts(credential));
    if (authenticator === undefined) throw new AuthenticationError('unsupported-scheme');
    const principal = await authenticator.authenticate(credential, request);
    await this.admission.check(principal, !this.#admitted.has(client));
    return principal;
  }

  /**
   * Takes the identity of a socket away, also one that is being proved.
   *
   * @internal
   */
  forget(client: object): void {
    this.#latest.delete(client);
    this.#pending.delete(client);
    this.#previous.delete(client);
    this.#principals.delete(client);
    for (const run of this.#onChange) run(client);
  }

  /**
   * Whether it is being found out who the socket is.
   *
   * @internal
   */
  isPending(client: object): boolean {
    return this.#pending.has(client);
  }

  /**
   * Who the socket was while it is being found out who it is; `undefined` for one that nobody knew, or whose last token was
   * refused.
   *
   * @internal
   */
  previousOf(client: object): Principal | undefined {
    return this.#previous.get(client);
  }

  /**
   * Calls `run` whenever the identity of a socket ends.
   *
   * @internal
   */
  onChange(run: (client: object) => void): void {
    this.#onChange.push(run);
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
