import { ERROR_EVENT, RESERVED_EVENT_PREFIX } from '@secure-ws/protocol';
import { giveUp } from './give-up.js';

/**
 * Refuses events that mean something to every client: those of the module, and that of refusals, for which an answer of the
 * application, or what another user has written into it, would be taken.
 *
 * @param data what would be sent with it: it is given up.
 * @throws TypeError for `error` and for what begins with `$`.
 */
export function refuseReservedEvent(event: string, data?: unknown): void {
  if (!event.startsWith(RESERVED_EVENT_PREFIX) && event !== ERROR_EVENT) return;
  giveUp(data);
  if (event.startsWith(RESERVED_EVENT_PREFIX)) throw new TypeError('Events that begin with $ belong to the module.');
  throw new TypeError('The event "error" is that of every refusal: throw an exception, or send under another name.');
}
