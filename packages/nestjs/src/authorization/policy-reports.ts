import { randomId } from '../core/identifier.js';
import type { FaultLog } from '../events/fault-log.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { WsPolicyContext, WsPolicyType } from './ws-policy.js';

/** Tells the operator of policies what no refused message would tell. */
export class PolicyReports {
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
}

/** Whose message it is. Nothing of its payload. */
function whoseOf({ event, principal, connection }: WsPolicyContext) {
  const { id: connectionId, path, address } = connection;
  return { event, connectionId, path, address, principal: principal.key };
}
