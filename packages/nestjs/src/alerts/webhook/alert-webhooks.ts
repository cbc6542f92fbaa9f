import type { Clock } from '../../core/clock.js';
import type { FaultLog } from '../../events/fault-log.js';
import type { SecurityEventListener } from '../../events/on-security-event.js';
import { type SecurityEvent, typesMatching } from '../../events/security-event.js';
import type { SecurityEvents } from '../../events/security-events.js';
import type { SecurityAlert } from '../on-security-alert.js';
import { AlertWebhook } from './alert-webhook.js';
import type { ResolvedAlertWebhook } from './alert-webhook.options.js';

/** How long the end of the application waits for receivers, in milliseconds. */
const CLOSE_MS = 2000;

/** The webhooks of the `alerts` options, as listeners to alerts. */
export class AlertWebhooks {
  readonly #webhooks: readonly AlertWebhook[];
  readonly listeners: readonly SecurityEventListener[];

  constructor(options: readonly ResolvedAlertWebhook[], clock: Clock, events: SecurityEvents, faults: FaultLog) {
    const nameOf = (index: number): string => `alerts.webhooks[${index}]`;
    this.#webhooks = options.map(
      (each, index) =>
        new AlertWebhook(each, clock, {
          onLost: (losses) => {
            events.emit({ type: 'ws.audit.dropped', sink: nameOf(index), ...losses });
          },
          onFault: (error) => {
            faults.write(nameOf(index), '', error);
          },
        }),
    );
    const types = typesMatching(['ws.alert.*']);
    this.listeners = this.#webhooks.map((webhook, index) => ({
      name: nameOf(index),
      types,
      call: (event: SecurityEvent) => {
        webhook.push(event as SecurityAlert);
      },
    }));
  }

  /** Tries once more what has not been taken. Called at the end of the application. */
  async close(): Promise<void> {
    await Promise.all(this.#webhooks.map((webhook) => webhook.close(CLOSE_MS)));
  }
}
