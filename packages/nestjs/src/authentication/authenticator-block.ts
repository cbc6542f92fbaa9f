import type { IncomingMessage } from 'node:http';
import { type Awaitable, isPromiseLike } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import { ANONYMOUS_KIND, makePrincipal, type Principal, PrincipalError } from '../core/principal.js';
import {
  AuthenticationError,
  type WsAuthenticator,
  type WsCredential,
  type WsHandshakeFacts,
} from './authenticator.js';

/**
 * An authenticator in its place in the options. Nothing else calls one, so that no answer of any of them gets past the
 * check of {@link makePrincipal}, nor without the name of its block.
 */
export class AuthenticatorBlock {
  /**
   * @param name the path of the block in the options, such as `authentication.jwt`: a part of every principal's key.
   * @param inheritsBlock whether the block is that of the answer: of a credential that was verified before. For nothing that
   * the application wrote.
   */
  constructor(
    readonly authenticator: WsAuthenticator,
    readonly name: string,
    private readonly clock: Clock,
    private readonly inheritsBlock = false,
  ) {}

  /**
   * Whether a credential is of the authenticator's kind; only `true` says so.
   *
   * @throws TypeError for a promise: it would be true for every credential, and its rejection would end the process.
   */
  accepts(credential: WsCredential): boolean {
    const answer: unknown = this.authenticator.accepts(credential);
    if (!isPromiseLike(answer)) return answer === true;
    Promise.resolve(answer).catch(() => undefined);
    throw new TypeError(
      `${this.name}: accepts() answered a promise; answer true or false, and look up in authenticate().`,
    );
  }

  /**
   * Verifies a credential; at once where the authenticator does.
   *
   * @throws {AuthenticationError} when it is refused, or its identity has ended; at once or as a rejection.
   * @throws {PrincipalError} when the authenticator answers no principal.
   */
  authenticate(credential: WsCredential, request: IncomingMessage, facts?: WsHandshakeFacts): Awaitable<Principal> {
    const answer: unknown = this.authenticator.authenticate(credential, request, facts);
    return isPromiseLike(answer)
      ? Promise.resolve(answer).then((settled) => this.#principalOf(settled))
      : this.#principalOf(answer);
  }

  #principalOf(answer: unknown): Principal {
    const now = this.clock.now();
    const block = this.inheritsBlock ? (answer as Principal).block : this.name;
    const principal = makePrincipal(answer, { block, kind: this.authenticator.kind, now });
    const { expiresAt } = principal;
    // Whose connections no cap counts and no ban ends.
    if (principal.kind === ANONYMOUS_KIND)
      throw new PrincipalError(`${this.name} answered a principal that is nobody.`);
    if (expiresAt !== undefined && expiresAt <= now) throw new AuthenticationError('expired');
    return principal;
  }
}
