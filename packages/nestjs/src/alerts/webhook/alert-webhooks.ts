import type { Clock } from '../../core/clock.js';
import type { FaultLog } from '../../core/fault-log.js';
import type { SecurityEvents } from '../../events/security-events.js';
import { LostAlerts } from '../lost-alerts.js';
import type { SecurityAlert } from '../on-security-alert.js';
import { AlertWebhook } from './alert-webhook.js';
import type { ResolvedAlertWebhook } from './alert-webhook.options.js';

/** How long the end of the application waits for receivers, in milliseconds. */
const CLOSE_MS = 2000;

/** The webhooks of the `alerts` options. Each is told every alert from now on. */
export class AlertWebhooks {
  readonly #webhooks: readonly (readonly [AlertWebhook, LostAlerts])[];

  /** @param networkClock measures how long receivers take. */
  constructor(
    options: readonly ResolvedAlertWebhook[],
    clock: Clock,
    networkClock: Clock,
    events: SecurityEvents,
    faults: FaultLog,
  ) {
    this.#webhooks = options.map((each, index) => {
      const sink = `alerts.webhooks[${index}]`;
      // Not as lost audit is told: a rule sees that, and the alert that it raises would be lost as well.
      const lost = new LostAlerts(clock, (reason, count) => {
        events.emit({ type: 'ws.alert.lost', sink, reason, count });
      });
      const webhook = new AlertWebhook(each, clock, networkClock, {
        onLost: (reason, count) => {
          lost.add(reason, count);
        },
        onFault: (error) => {
          faults.write(sink, '', error);
        },
      });
      events.addChannel(() => ({ name: sink, ...webhook.figures }));
      return [webhook, lost];
    });
    if (this.#webhooks.length === 0) return;
    // A listener has a queue in front of it, and its figures would be those of that queue: here the webhook is the queue.
    events.observe(({ type }, present) => {
      if (type !== 'ws.alert.raised' && type !== 'ws.alert.ended') return;
      for (const [webhook] of this.#webhooks) webhook.push(present() as SecurityAlert);
    });
  }

  /** Tries once more what has not been taken, and tells what was lost. Called at the end of the application. */
  async close(): Promise<void> {
    await Promise.all(
      this.#webhooks.map(async ([webhook, lost]) => {
        await webhook.close(CLOSE_MS);
        lost.close();
      }),
    );
  }
}
