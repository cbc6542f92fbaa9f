import type { AlertsOptions } from './alerts/alerts.options.js';
import type { AuthenticationOptions } from './authentication/authentication.options.js';
import type { AuthorizationOptions } from './authorization/authorization.options.js';
import type { EventsOptions } from './events/events.options.js';
import type { HandshakeOptions } from './handshake/handshake.options.js';
import type { LifecycleOptions } from './lifecycle/lifecycle.options.js';
import type { MessagesOptions } from './messages/messages.options.js';
import type { MigrationOptions } from './migration.options.js';
import type { OutputOptions } from './output/output.options.js';
import type { PolicyLockOptions } from './policy-lock/policy-lock.options.js';
import type { StoreOptions } from './store/store.options.js';
import type { ThrottlingOptions } from './throttling/throttling.options.js';
import type { ValidationOptions } from './validation/validation.options.js';

/**
 * What `SecureWsModule.forRoot()` takes. `handshake.origins` and one authenticator are required; everything else has a
 * default. An unknown key, a negative number or a `NaN` is a boot error.
 */
export interface SecureWsOptions {
  /** Who may open a connection. Required, unless `adapter` is `false`. */
  readonly handshake?: HandshakeOptions;
  /** How identities are proved. */
  readonly authentication: AuthenticationOptions;
  /** How policies run. */
  readonly authorization?: AuthorizationOptions;
  /** How large and how deep a message may be. */
  readonly validation?: ValidationOptions;
  /** How much a connection may send. */
  readonly throttling?: ThrottlingOptions;
  /** How handlers run. */
  readonly messages?: MessagesOptions;
  /** What of the application's data goes out. */
  readonly output?: OutputOptions;
  /** How long a connection lives. */
  readonly lifecycle?: LifecycleOptions;
  /** Where security events go. */
  readonly events?: EventsOptions;
  /** What events are watched for, and whom alerts are told. @default nothing is watched; `{}` for the shipped rules */
  readonly alerts?: AlertsOptions;
  /** Where what several nodes must agree on lives. */
  readonly store?: StoreOptions;
  /** Gateways that are still being brought under the checks. */
  readonly migration?: MigrationOptions;
  /**
   * Refuses to boot where the application does anything else than its policy lock says: `'enforce'` for
   * `secure-ws.lock.json` in the folder where the process is started, or `{ path }`. `npx secure-ws policy` writes the file.
   *
   * @default nothing is enforced
   */
  readonly policyLock?: PolicyLockOptions;
  /**
   * `false` where the application's gateways are on another adapter, such as Socket.IO: the module then installs nothing,
   * and the gateways use `WsAuthorizeGuard` and `WsExceptionsFilter`. The handshake, the lifetime of connections and the
   * order of handlers are that adapter's: with `handshake`, `lifecycle` or `messages` the boot fails, and so with the single
   * options that would have no effect.
   *
   * @default true
   */
  readonly adapter?: boolean;
  /**
   * Sends the validator's own messages, and tells unknown events from forbidden ones: for development. A boot error where
   * `NODE_ENV` is `production`.
   *
   * @default false
   */
  readonly detailedErrors?: boolean;
}
