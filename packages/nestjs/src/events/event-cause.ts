import { ANONYMOUS_KIND } from '../core/principal.js';
import type { EventCause } from './catalogue/event-row.js';
import { rowOf, type SecurityEventData } from './security-event.js';

/** How the key of somebody who proved nothing begins: see `makePrincipal()`. */
const NOBODY = `["${ANONYMOUS_KIND}",`;

/**
 * Who causes an event. Whoever divides something among events (a second of a log, the places of a queue, a list of an
 * operator) asks this, so that no stranger takes what belongs to users, operators or the node.
 *
 * @param event as its check reported it. Where identities are hashed, what a sink gets of a message tells no stranger from
 * a user any more.
 */
export function causedBy(event: SecurityEventData): EventCause {
  const { volume, causedBy: cause } = rowOf(event.type);
  if (cause !== undefined) return cause;
  if (volume === 'rare') return 'node';
  return isOfSomebody(event) ? 'user' : 'stranger';
}

function isOfSomebody(event: SecurityEventData): boolean {
  const { method, principal }: { method?: string; principal?: string } = event as object;
  if (method !== undefined) return !method.startsWith(`${ANONYMOUS_KIND}:`);
  return principal !== undefined && !principal.startsWith(NOBODY);
}
