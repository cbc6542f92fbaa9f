import { SetMetadata } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { BootProblems } from '../core/boot-problems.js';
import { findListeningMethods } from '../events/listeners/listening-methods.js';
import type { SecurityEventListener } from '../events/listeners/security-event-listeners.js';
import { type SecurityEvent, type SecurityEventOf, typesMatching } from '../events/security-event.js';
import type { ResolvedAlertsOptions } from './alerts.options.js';

/** Metadata key of {@link OnSecurityAlert}: the names of rules, none for all. */
export const ON_SECURITY_ALERT_METADATA = 'secure-ws:on-security-alert';

type AlertListener = (alert: SecurityAlert) => unknown;

/** An alert that was raised, or has ended: two events with the same `alertId`. */
export type SecurityAlert = SecurityEventOf<'ws.alert.raised' | 'ws.alert.ended'>;

/**
 * Calls a method of a provider or controller when an alert is raised and when it ends: those of some rules, or of all.
 *
 * The method is called as `@OnSecurityEvent()` methods are: later than the event, one alert at a time, and what it throws is
 * logged and goes no further. The provider must be a singleton.
 *
 * @example
 * ```ts
 * @OnSecurityAlert('failed-logins-by-address')
 * async onAlert(alert: SecurityAlert) { ... }
 * ```
 */
export function OnSecurityAlert(
  ...rules: readonly string[]
): <Method extends AlertListener>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void {
  return (target, method, descriptor) => {
    SetMetadata(ON_SECURITY_ALERT_METADATA, rules)(target, method, descriptor);
  };
}

/**
 * Finds the methods with `@OnSecurityAlert()`. One that no alert can reach is a problem of the boot: it names a rule that
 * there is not, or there are no alerts.
 */
export function discoverSecurityAlertListeners(
  modules: ModulesContainer,
  alerts: ResolvedAlertsOptions | undefined,
  problems: BootProblems,
): readonly SecurityEventListener[] {
  const types = typesMatching(['ws.alert.raised', 'ws.alert.ended']);
  const known = alerts?.rules.map(({ name }) => name) ?? [];
  const mark = { key: ON_SECURITY_ALERT_METADATA, what: 'alerts' };
  return findListeningMethods(modules, mark, problems).map(({ name, patterns: rules, call }) => {
    if (alerts === undefined) {
      problems.add(name, 'listens to alerts, and there are none.', 'SecureWsModule.forRoot({ alerts: {}, ... })');
    }
    for (const rule of alerts === undefined ? [] : rules) {
      if (known.includes(rule)) continue;
      problems.add(
        name,
        `listens to alerts of '${rule}', which no rule is called.`,
        `the rules are ${known.join(', ')}`,
      );
    }
    const isHeard = (event: SecurityEvent): boolean =>
      rules.length === 0 || ('rule' in event && rules.includes(event.rule));
    return { name, types, call: (event) => (isHeard(event) ? call(event) : undefined) };
  });
}
