import type { AnyAbility } from '@casl/ability';
import type { Awaitable } from '../../core/awaitable.js';
import type { Principal } from '../../core/principal.js';

/**
 * Makes the CASL ability of a principal: extend it, and provide it as `{ provide: CaslAbilities, useClass: AppAbilities }`.
 *
 * It is asked for each message, so that a right that was taken away is gone with the next one. Whoever keeps abilities
 * keeps them by `principal.key`, never by the bare `id`, and for as long as a right may outlive its end.
 */
export abstract class CaslAbilities {
  /** What this principal may do. */
  abstract abilityOf(principal: Principal): Awaitable<AnyAbility>;
}
