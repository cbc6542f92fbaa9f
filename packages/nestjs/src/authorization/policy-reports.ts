import { ContainedLogger } from '../core/contained-logger.js';
import { randomId } from '../core/identifier.js';
import type { FaultLog } from '../core/fault-log.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { ShadowOutcome } from '../events/catalogue/message-events.js';
import { unclearAnswer, type WsPolicyContext, type WsPolicyType } from './ws-policy.js';

/** Tells the operator of policies what no refused message would tell. */
export class PolicyReports {
  readonly #logger = new ContainedLogger('SecureWs');
  readonly #unclear = new WeakSet<WsPolicyType>();

  constructor(
    private readonly events: SecurityEvents,
    private readonly faults: FaultLog,
  ) {}

  /** One of several alternatives has thrown, and was taken for a no. */
  failed({ name: policy }: WsPolicyType, context: WsPolicyContext, exception: unknown): void {
    const correlationId = randomId();
    this.events.emit({ type: 'ws.policy.failed', policy, ...whoseOf(context), correlationId });
    this.faults.write(policy, correlationId, exception);
  }

  /** A policy has answered what is no answer. Said once for each: clients decide how often it is asked. */
  unclear(policy: WsPolicyType, answer: unknown): void {
    if (this.#unclear.has(policy)) return;
    this.#unclear.add(policy);
    this.#logger.warn(unclearAnswer(policy.name, answer));
  }

  /** A rule that is only tried would have decided otherwise about a message, or could not be tried on it. */
  differed(
    policy: string,
    context: WsPolicyContext,
    outcome: ShadowOutcome,
    fault?: { readonly exception: unknown },
  ): void {
    const correlationId = randomId();
    this.events.emit({ type: 'ws.policy.differed', policy, outcome, ...whoseOf(context), correlationId });
    if (fault !== undefined) this.faults.write(`shadow of ${context.event}`, correlationId, fault.exception);
  }
}

/** Whose message it is. Nothing of its payload. */
function whoseOf({ event, principal, connection }: WsPolicyContext) {
  const { id: connectionId, path, address } = connection;
  return { event, connectionId, path, address, principal: principal.key };
}
