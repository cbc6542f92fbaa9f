import type { Awaitable } from '../../core/awaitable.js';
import type { Principal } from '../../core/principal.js';

/** What of an identity may change while it is connected. What is left out stays. */
export interface RevalidatedRights {
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
}

/**
 * Says whether who connects may be connected, and from time to time whether it still may: a token of an hour says nothing of
 * the account that was disabled since. Asked in each handshake, at each refresh, and as `lifecycle.revalidation.everyMs`
 * says. The application implements it (OWASP ASVS 5.0 7.4.2, 8.3.2).
 *
 * @example
 * ```ts
 * @Injectable()
 * export class Accounts extends WsRevalidator {
 *   constructor(private readonly users: UsersService) { super(); }
 *   async revalidate(principal: Principal) {
 *     const user = await this.users.find(principal.id);
 *     return user !== undefined && !user.isDisabled && { roles: user.roles };
 *   }
 * }
 * ```
 */
export abstract class WsRevalidator {
  /**
   * Judges an identity again.
   *
   * @returns `true` where everything stays, or the rights that hold from the next message on. Any other answer closes the
   * connection with 4504, and refuses a handshake with 401. A throw, or no answer within ten seconds, is tried again every
   * minute, and closes it with 4401 when `graceMs` is over; a handshake is answered 503.
   */
  abstract revalidate(principal: Principal): Awaitable<boolean | RevalidatedRights>;
}
