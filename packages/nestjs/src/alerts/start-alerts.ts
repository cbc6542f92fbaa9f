import type { Clock } from '../core/clock.js';
import type { FaultLog } from '../core/fault-log.js';
import type { SecurityEvents } from '../events/security-events.js';
import type { ResolvedAlertsOptions } from './alerts.options.js';
import { SecureWsAlerts } from './secure-ws-alerts.js';
import { AlertWebhooks } from './webhook/alert-webhooks.js';

/**
 * Watches the events from now on. Without the option nothing looks at them.
 *
 * @param networkClock measures how long the receivers of webhooks take.
 */
export function startAlerts(
  options: ResolvedAlertsOptions | undefined,
  events: SecurityEvents,
  clock: Clock,
  networkClock: Clock,
  faults: FaultLog,
): [alerts: SecureWsAlerts, webhooks: AlertWebhooks] {
  const alerts = new SecureWsAlerts(options, clock, (alert) => {
    events.emit(alert);
  });
  const webhooks = new AlertWebhooks(options?.webhooks ?? [], clock, networkClock, events, faults);
  if (options !== undefined) events.observe((data) => alerts.observe(data));
  return [alerts, webhooks];
}
