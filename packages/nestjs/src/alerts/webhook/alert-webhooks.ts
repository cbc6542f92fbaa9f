import type { Clock } from '../../core/clock.js';
import type { FaultLog } from '../../events/fault-log.js';
import type { SecurityEvents } from '../../events/security-events.js';
import type { SecurityAlert } from '../on-security-alert.js';
import { AlertWebhook } from './alert-webhook.js';
import type { ResolvedAlertWebhook } from './alert-webhook.options.js';

/** How long the end of the application waits for receivers, in milliseconds. */
const CLOSE_MS = 2000;

/** The webhooks of the `alerts` options. Each is told every alert from now on. */
export class AlertWebhooks {
  readonly #webhooks: readonly AlertWebhook[];

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
    if (this.#webhooks.length === 0) return;
    // A listener has a queue in front of it, and its figures would be those of that queue: here the webhook is the queue.
    events.observe(({ type }, present) => {
      if (type !== 'ws.alert.raised' && type !== 'ws.alert.ended') return;
      for (const webhook of this.#webhooks) webhook.push(present() as SecurityAlert);
    });
    for (const [index, webhook] of this.#webhooks.entries()) {
      events.addChannel(() => ({ name: nameOf(index), ...webhook.figures }));
    }
  }

  /** Tries once more what has not been taken. Called at the end of the application. */
  async close(): Promise<void> {
    await Promise.all(this.#webhooks.map((webhook) => webhook.close(CLOSE_MS)));
  }
}
