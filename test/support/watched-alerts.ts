import { expect } from 'vitest';
import type { AlertRule } from '../../packages/nestjs/src/alerts/alert-rule.js';
import { resolveAlertsOptions } from '../../packages/nestjs/src/alerts/alerts.options.js';
import { SecureWsAlerts } from '../../packages/nestjs/src/alerts/secure-ws-alerts.js';
import { BootProblems } from '../../packages/nestjs/src/core/boot-problems.js';
import { OptionReader } from '../../packages/nestjs/src/core/option-reader.js';
import type { SecurityEventData } from '../../packages/nestjs/src/events/security-event.js';
import type { FakeClock } from './fake-clock.js';

export const MINUTE = 60_000;

/** What is told of an alert. */
export type Alert = Extract<SecurityEventData, { type: 'ws.alert.raised' | 'ws.alert.ended' }>;

/** An event of a connection that opened. */
export const opened = (changes: object = {}): SecurityEventData => ({
  type: 'ws.connection.opened',
  connectionId: 'connection-1',
  principal: '["jwt","iss","alice"]',
  path: '/chat',
  address: '192.0.2.7',
  ...changes,
});

/** An event of a handshake that was refused. */
export const refused = (changes: object = {}): SecurityEventData => ({
  type: 'ws.handshake.refused',
  status: 401,
  reason: 'unauthenticated',
  failure: 'bad-signature',
  address: '192.0.2.7',
  ...changes,
});

/** Five refused handshakes in a minute, by whomever. */
export const threshold = {
  ...{ name: 'refusals', kind: 'threshold', events: ['ws.handshake.refused'], limit: 5, windowMs: MINUTE },
  quietMs: 2 * MINUTE,
} as const satisfies AlertRule;

/** Rules that watch what a test makes them see, on a clock of its own; what they tell is added to `told`. */
export function watchAlerts(
  rules: readonly AlertRule[] | undefined,
  more: object,
  clock: FakeClock,
  told: Alert[],
): {
  readonly alerts: SecureWsAlerts;
  readonly pass: (ms: number) => void;
  readonly see: (data: SecurityEventData, times?: number) => void;
} {
  const problems = new BootProblems();
  const options = { alerts: { ...(rules !== undefined && { rules }), ...more } };
  const resolved = resolveAlertsOptions(new OptionReader(options, '', problems));
  expect(problems.problems).toEqual([]);
  const alerts = new SecureWsAlerts(resolved, clock, (data) => {
    told.push(data as Alert);
  });
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 1000) {
      clock.advance(1000);
      alerts.tick(clock.monotonic());
    }
  };
  const see = (data: SecurityEventData, times = 1): void => {
    for (let i = 0; i < times; i++) alerts.observe(data);
  };
  return { alerts, pass, see };
}
