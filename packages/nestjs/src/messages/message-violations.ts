import { addressKey } from '../core/address-key.js';
import { ANONYMOUS_KIND } from '../core/principal.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { ManagedConnection } from '../lifecycle/managed-connection.js';
import { isPromiseLike } from '../core/awaitable.js';
import {
  type ViolationLedger,
  type ViolationVerdict,
  violationSubject,
} from '../throttling/violations/violation-ledger.js';
import type { ViolationKind } from '../throttling/violations/violations.options.js';
import type { Refusal } from './pipeline-engine.js';

/**
 * What a refusal is charged as. What the application refused by itself, and what failed here, is nobody's violation.
 */
export function violationOf({ code, reason }: Refusal): ViolationKind | undefined {
  if (reason === 'broken-frame' || reason === 'binary-frame' || reason === 'queue-before-connect') return 'bad-frame';
  if (code === 'BAD_MESSAGE') return 'bad-json';
  if (code === 'THROTTLED') return reason === 'application' ? undefined : 'throttled';
  if (code === 'VALIDATION_FAILED') return reason === 'payload' ? 'validation' : undefined;
  // AZ-12: both weigh the same, or a stranger could tell by the close which events exist: 34 messages or 101.
  if (reason === 'unknown-event' || reason === 'claims') return 'unknown-event';
  return reason === 'policy' ? 'forbidden' : undefined;
}

/** Charges the refused messages of one connection, and closes it when its subject has gone too far (MV-17). */
export class MessageViolations {
  readonly #subject: string;

  constructor(
    private readonly ledger: ViolationLedger,
    private readonly connection: ManagedConnection,
    private readonly events: SecurityEvents,
  ) {
    this.#subject = violationSubject(connection.principal, addressKey(connection.address));
  }

  /** Charges a refusal, if it is a violation. */
  charge(refusal: Refusal): void {
    const kind = violationOf(refusal);
    if (kind === undefined) return;
    try {
      const verdict = this.ledger.charge(this.#subject, kind);
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
      this.events.emit({ type: 'ws.violations.exceeded', ...who, chargedTo, score });
    }
    this.connection.close('POLICY_VIOLATION');
  }
}
