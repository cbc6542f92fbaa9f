import type { KeyObject } from 'node:crypto';
import type { OptionReader } from '../../core/option-reader.js';
import { isPlaceholderSecret } from '../../core/placeholder-secret.js';
import { readRemoteUrl } from '../../core/remote-url.js';
import { ALERT_SEVERITIES, type AlertSeverity } from '../../events/catalogue/alert-events.js';
import { readWebhookSecret } from './webhook-signature.js';

/** An address that alerts are posted to. */
export interface AlertWebhookOptions {
  /** Where: `https`, or `http` to this machine. Redirects are not followed. */
  readonly url: string;
  /**
   * What requests are signed with: `whsec_` and the base64 of 24 to 64 random bytes, as
   * [Standard Webhooks](https://www.standardwebhooks.com) says. To change it, list the new one and the old one until the
   * receiver knows the new one.
   */
  readonly secret: string | undefined | readonly (string | undefined)[];
  /** Alerts of less severity are not posted. @default 'info' */
  readonly minSeverity?: AlertSeverity;
  /** How long one answer may take, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
  /** For how long one alert is tried again, in milliseconds. @default 3600000 */
  readonly giveUpAfterMs?: number;
  /**
   * How many alerts wait while the receiver is away. More are lost, the least severe first, which `ws.alert.lost` tells.
   *
   * @default 100
   */
  readonly maxQueued?: number;
}

/** {@link AlertWebhookOptions} with defaults filled. */
export interface ResolvedAlertWebhook {
  /** `undefined` where it is refused. */
  readonly url: URL | undefined;
  readonly secrets: readonly KeyObject[];
  readonly minSeverity: AlertSeverity;
  readonly timeoutMs: number;
  readonly giveUpAfterMs: number;
  readonly maxQueued: number;
}

const MAX_SECRETS = 5;

/** Reads one webhook. What is wrong with it goes to the reader. */
export function readAlertWebhook(reader: OptionReader): ResolvedAlertWebhook {
  // A process beside this one that passes alerts on is reached without TLS in production as well.
  const url = readRemoteUrl(reader.raw('url'), { isProduction: false });
  if (typeof url === 'string')
    reader.refuse(
      'url',
      url.replace('; http is for this machine, in development', '; http is for this machine'),
      "'https://alerts.example.com/secure-ws'",
    );
  return reader.finish({
    url: typeof url === 'string' ? undefined : url,
    secrets: readSecrets(reader),
    minSeverity: reader.oneOf('minSeverity', ALERT_SEVERITIES, 'info'),
    timeoutMs: reader.ms('timeoutMs', 10_000, { min: 100, max: 60_000 }),
    giveUpAfterMs: reader.ms('giveUpAfterMs', 3_600_000, { min: 1000, max: 86_400_000 }),
    maxQueued: reader.count('maxQueued', 100, { max: 10_000 }),
  });
}

function readSecrets(reader: OptionReader): readonly KeyObject[] {
  const given = reader.raw('secret');
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const keys = list.map(readWebhookSecret);
  if (list.length > 0 && list.length <= MAX_SECRETS && keys.every((key) => key !== undefined)) {
    if (keys.some((key) => isPlaceholderSecret(key.export()))) {
      const fix = "process.env.ALERT_WEBHOOK_SECRET // `whsec_${randomBytes(32).toString('base64')}`";
      reader.refuse('secret', 'is a placeholder or easy to guess.', fix);
    }
    return Object.freeze(keys);
  }
  reader.refuse(
    'secret',
    "must be 'whsec_' and the base64 of 24 to 64 random bytes, or a list of up to five.",
    "process.env.ALERT_WEBHOOK_SECRET // `whsec_${randomBytes(32).toString('base64')}`",
  );
  return [];
}
