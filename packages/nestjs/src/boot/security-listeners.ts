import type { ModulesContainer } from '@nestjs/core';
import type { ResolvedAlertsOptions } from '../alerts/alerts.options.js';
import { discoverSecurityAlertListeners } from '../alerts/on-security-alert.js';
import type { BootProblems } from '../core/boot-problems.js';
import {
  discoverSecurityEventListeners,
  type SecurityEventListener,
} from '../events/listeners/security-event-listeners.js';

/** The methods of the application that listen to events or to alerts. */
export function discoverSecurityListeners(
  modules: ModulesContainer,
  alerts: ResolvedAlertsOptions | undefined,
  problems: BootProblems,
): readonly SecurityEventListener[] {
  return [
    ...discoverSecurityEventListeners(modules, problems),
    ...discoverSecurityAlertListeners(modules, alerts, problems),
  ];
}
