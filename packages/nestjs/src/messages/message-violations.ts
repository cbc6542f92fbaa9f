import { addressKey } from '../core/address-key.js';
import { isPromiseLike } from '../core/awaitable.js';
import { ANONYMOUS_KIND } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import { type ViolationVerdict, violationSubject } from '../throttling/violations/violation-ledger.js';
import type { MessageParts } from './message-engine.js';
import { type Refusal, violationOf } from './refusal.js';

/** Charges the refused messages of one connection, and closes it when its subject has gone too far (MV-17). */
export class MessageViolations {
  readonly #subject: string;

  constructor(
    private readonly parts: Pick<MessageParts, 'ledger' | 'events'>,
    private readonly connection: WsConnection,
  ) {
    this.#subject = violationSubject(connection.principal, addressKey(connection.address));
  }

  charge(refusal: Refusal): void {
    const kind = violationOf(refusal);
    if (kind === undefined) return;
    try {
      const verdict = this.parts.ledger.charge(this.#subject, kind);
      // A store without an answer: the message is refused all the same, and the connection's own limits hold.
      if (isPromiseLike(verdict))
        verdict.then(
          (settled) => this.#conclude(settled),
          () => undefined,
        );
      else this.#conclude(verdict);
    } catch {
      // The same, from a store that answers at once.
    }
  }

  #conclude({ mustClose, score }: ViolationVerdict): void {
    const { id: connectionId, path, address, principal, isOpen } = this.connection;
    if (!mustClose) return;
    if (isOpen) {
      const chargedTo = principal.kind === ANONYMOUS_KIND ? 'address' : 'principal';
      const who = { connectionId, path, address, principal: principal.key };
      this.parts.events.emit({ type: 'ws.violations.exceeded', ...who, chargedTo, score });
    }
    this.connection.close('POLICY_VIOLATION');
  }
}
