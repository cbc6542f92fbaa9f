import { OptionReader } from '../core/option-reader.js';
import type { AlertRule, ResolvedAlertRule } from './alert-rule.js';
import { readAlertRule } from './read-alert-rule.js';
import { WS_ALERT_RULES } from './shipped-rules.js';
import {
  type AlertWebhookOptions,
  readAlertWebhook,
  type ResolvedAlertWebhook,
} from './webhook/alert-webhook.options.js';

/** The `alerts` options: what the security events of this node are watched for, and whom it is told. */
export interface AlertsOptions {
  /** The rules. @default those of {@link WS_ALERT_RULES} */
  readonly rules?: readonly AlertRule[];
  /** How long it must be calm before an alert ends, in milliseconds, where its rule does not say. @default 300000 */
  readonly quietMs?: number;
  /**
   * How many addresses, networks, principals or values one rule holds, each in about 300 bytes. Of more, those go first that
   * have the fewest events: an attacker with very many addresses grows nothing, and hides nobody who does more than they.
   *
   * @default 10000
   */
  readonly maxKeys?: number;
  /** Addresses that alerts are posted to, signed as Standard Webhooks says. @default none */
  readonly webhooks?: readonly AlertWebhookOptions[];
}

/** {@link AlertsOptions} with defaults filled. */
export interface ResolvedAlertsOptions {
  readonly rules: readonly ResolvedAlertRule[];
  readonly quietMs: number;
  readonly maxKeys: number;
  readonly webhooks: readonly ResolvedAlertWebhook[];
}

/** Each event is held against all of them. */
const MAX_RULES = 100;
const MAX_WEBHOOKS = 10;

const LIST =
  "rules: [{ name: 'many-refusals', kind: 'threshold', events: ['ws.handshake.refused'], limit: 100, windowMs: 60_000 }]";

/**
 * Reads the `alerts` options.
 *
 * @param root the reader of all options: without `alerts` nothing is watched.
 */
export function resolveAlertsOptions(root: OptionReader): ResolvedAlertsOptions | undefined {
  if (!root.has('alerts')) return undefined;
  const reader = root.object('alerts');
  const quietMs = reader.ms('quietMs', 300_000, { min: 1000, max: 86_400_000 });
  return reader.finish({
    rules: readRules(reader, quietMs),
    quietMs,
    maxKeys: reader.count('maxKeys', 10_000, { min: 100, max: 100_000 }),
    webhooks: readWebhooks(reader),
  });
}

function readRules(reader: OptionReader, quietMs: number): readonly ResolvedAlertRule[] {
  const given = reader.raw('rules');
  if (given !== undefined && (!Array.isArray(given) || given.length === 0 || given.length > MAX_RULES)) {
    reader.fail('rules', `must be a list of 1 to ${MAX_RULES} rules.`, LIST);
    return [];
  }
  const readers =
    given === undefined
      ? Object.values(WS_ALERT_RULES).map(
          (rule) => new OptionReader(rule, `WS_ALERT_RULES.${rule.name}`, reader.problems),
        )
      : reader.objects('rules');
  const names = new Set<string>();
  return readers.map((each) => {
    const rule = readAlertRule(each, quietMs);
    if (rule.name !== '' && names.has(rule.name)) {
      each.refuse('name', `is '${rule.name}', as another rule is called.`, `'${rule.name}-2'`);
    }
    names.add(rule.name);
    return rule;
  });
}

function readWebhooks(reader: OptionReader): readonly ResolvedAlertWebhook[] {
  const given = reader.raw('webhooks');
  if (given !== undefined && (!Array.isArray(given) || given.length > MAX_WEBHOOKS)) {
    reader.fail('webhooks', `must be a list of at most ${MAX_WEBHOOKS}.`, "webhooks: [{ url: '...', secret: '...' }]");
    return [];
  }
  return reader.objects('webhooks').map((each) => readAlertWebhook(each));
}
