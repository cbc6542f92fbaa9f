import type { ResolvedAuthenticationOptions } from './authentication/authentication.options.js';
import type { TicketAudience } from './authentication/ticket/ws-ticket.service.js';
import { judgeOrigin, type OriginRules } from './handshake/origin-policy.js';

/** Whom the tickets of a path, or of the module, are for. */
export function audienceOf({ tickets, blocks }: ResolvedAuthenticationOptions, origins: OriginRules): TicketAudience {
  return {
    block: tickets === undefined ? undefined : blocks.tickets,
    judgeOrigin: (field) => {
      const verdict = judgeOrigin(field, origins);
      if (verdict.kind === 'denied') return false;
      return verdict.kind === 'allowed' ? verdict.text : undefined;
    },
  };
}
