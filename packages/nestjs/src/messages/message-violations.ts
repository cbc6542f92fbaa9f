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
  /** Whether it has been told that this connection would have been closed: once for each time that the budget is passed. */
  #isReported = false;

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

  #conclude({ isExceeded, mustClose, score }: ViolationVerdict): void {
    if (!isExceeded) {
      this.#isReported = false;
      return;
    }
    if (mustClose) {
      this.#tell('ws.violations.exceeded', score);
      this.connection.close('POLICY_VIOLATION');
      return;
    }
    if (!this.#isReported) this.#tell('ws.violations.reported', score);
    this.#isReported = true;
  }

  #tell(type: 'ws.violations.exceeded' | 'ws.violations.reported', score: number): void {
    const { id: connectionId, path, address, principal, isOpen } = this.connection;
    if (!isOpen) return;
    const chargedTo = principal.kind === ANONYMOUS_KIND ? 'address' : 'principal';
    this.parts.events.emit({ type, connectionId, path, address, principal: principal.key, chargedTo, score });
  }
}
