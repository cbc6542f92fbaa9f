import type { Type } from '@nestjs/common';
import type { OptionReader } from './core/option-reader.js';

/** The `migration` options: gateways that are still being brought under the checks. */
export interface MigrationOptions {
  /**
   * Their handshake is enforced; what authorization and validation would refuse is reported as `ws.message.reported`
   * events, and handled.
   */
  readonly gateways: readonly Type[];
  /** The last day of it, as `YYYY-MM-DD` (UTC). Afterwards the boot fails until the option is gone. */
  readonly until: string;
}

/** {@link MigrationOptions} checked. */
export interface ResolvedMigrationOptions {
  readonly gateways: ReadonlySet<unknown>;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** Reads the `migration` options. */
export function resolveMigrationOptions(reader: OptionReader, now: number): ResolvedMigrationOptions {
  const value = reader.raw('gateways');
  const gateways: readonly unknown[] = Array.isArray(value) ? value : [];
  const until = reader.string('until');
  reader.finish();
  const isList = value === undefined || Array.isArray(value);
  if (!isList || !gateways.every((item) => typeof item === 'function')) {
    const fix = 'migration: { gateways: [LegacyGateway], until: ... }';
    reader.fail('gateways', 'must be a list of gateway classes.', fix);
  }
  if (gateways.length === 0) return { gateways: new Set() };
  const end = until !== undefined && DAY.test(until) ? Date.parse(until) : NaN;
  // 2027-02-31 is a date to Date.parse, and not to the person who wrote it.
  const isDay = !Number.isNaN(end) && new Date(end).toISOString().slice(0, 10) === until;
  if (!isDay) {
    reader.fail('until', 'must be the last day of the migration.', "until: '2027-01-31'");
  } else if (now >= end + DAY_MS) {
    reader.fail('until', 'has passed: the migration is over.', 'close what the boot names, then remove `migration`');
  } else {
    const warning = 'is on: authorization and validation of its gateways are reported, not enforced.';
    reader.problems.warn(reader.path, warning);
  }
  return { gateways: new Set(gateways) };
}
