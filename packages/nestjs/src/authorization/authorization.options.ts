import type { OptionReader } from '../core/option-reader.js';

/** The `authorization` options. */
export interface AuthorizationOptions {
  /** How long a policy may take, in milliseconds; then it has denied. @default 5000 */
  readonly policyTimeoutMs?: number;
}

/** {@link AuthorizationOptions} with defaults filled. */
export type ResolvedAuthorizationOptions = Readonly<Required<AuthorizationOptions>>;

/** Reads the `authorization` options. */
export function resolveAuthorizationOptions(reader: OptionReader): ResolvedAuthorizationOptions {
  return reader.finish({ policyTimeoutMs: reader.ms('policyTimeoutMs', 5000) });
}
