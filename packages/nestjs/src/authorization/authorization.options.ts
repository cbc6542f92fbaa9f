import type { OptionReader } from '../core/option-reader.js';
import { WsRuleTable } from './rules/ws-rule-table.js';

/** The `authorization` options. */
export interface AuthorizationOptions {
  /** How long the policies of a message may take, in milliseconds; then they have denied. @default 5000 */
  readonly policyTimeoutMs?: number;
  /**
   * Who may send which event, on one page: made by `wsRules()`, and closed by `anyEvent()`. Handlers then need no decorator;
   * where one has both, both must agree.
   *
   * @default none: each handler says itself
   */
  readonly rules?: WsRuleTable;
}

/** {@link AuthorizationOptions} with defaults filled. */
export interface ResolvedAuthorizationOptions {
  readonly policyTimeoutMs: number;
  readonly rules: WsRuleTable | undefined;
}

/** Of `policyTimeoutMs`. */
export const DEFAULT_POLICY_TIMEOUT_MS = 5000;

/** Reads the `authorization` options. */
export function resolveAuthorizationOptions(reader: OptionReader): ResolvedAuthorizationOptions {
  const isTable = (value: unknown): value is WsRuleTable => value instanceof WsRuleTable;
  return reader.finish({
    policyTimeoutMs: reader.ms('policyTimeoutMs', DEFAULT_POLICY_TIMEOUT_MS),
    rules: reader.checked(
      'rules',
      isTable,
      'must be a closed rule table: one that ends with anyEvent() and what holds for it',
      "wsRules().event('admin.*').roles('admin').anyEvent().deny()",
    ),
  });
}
