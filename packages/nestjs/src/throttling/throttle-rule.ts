import type { Principal } from '../core/principal.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import type { WsConnection } from '../core/ws-connection.js';

/** Whether a limit refuses, or only counts and audits what it would refuse. */
export type ThrottleMode = 'enforce' | 'report';

/** A rule of the `throttling` options. */
export interface MessageThrottleRule extends ThrottleRule {
  /** `'report'` counts and audits what the rule would refuse (`ws.message.reported`), with a warning at boot. @default `throttling.mode` */
  readonly mode?: ThrottleMode;
}

/** Whose messages count together. */
export type ThrottleSubject = 'principal' | 'connection' | 'address' | 'tenant';

/** What is known of a message before it is validated: what a computed value of a `@WsThrottle` may go by. */
export interface WsThrottleContext {
  readonly principal: Principal;
  readonly connection: WsConnection;
  readonly event: string;
  /** The size of the message in bytes. */
  readonly bytes: number;
}

/**
 * A number, or a function that finds it for each message, at once or with a promise. What throws, rejects, does not answer
 * within `authorization.policyTimeoutMs`, or is not a number of the range, refuses the message.
 */
export type WsThrottleValue = number | ((context: WsThrottleContext) => number | PromiseLike<number>);

/** One rule of a `@WsThrottle`. */
export interface WsThrottleRule {
  /**
   * How many units in `ttl` milliseconds. `Infinity` is no limit and is warned of at boot; a function must answer a finite
   * number from 0.
   */
  readonly limit: WsThrottleValue;
  /**
   * The sliding window in milliseconds; 1 to 2147483647. Where bytes, parts of units, more than 1024 units or computed values
   * are counted, a unit may count for up to a sixteenth longer, and `retryAfterMs` says so.
   */
  readonly ttl: WsThrottleValue;
  /** Refuse for this long, in milliseconds, once a message found no room. @default 0: only until the window has room */
  readonly blockDuration?: WsThrottleValue;
  /** Tells the rule from others: in a storage, for `@SkipThrottle`, and in the audit. @default 'default' */
  readonly name?: string;
  /**
   * Whose messages count together: those of a principal over all its connections, of one connection, of a client address
   * (an office shares one), or of a tenant. Who has no tenant counts alone.
   *
   * @default 'principal'
   */
  readonly by?: ThrottleSubject;
  /** How many units a message takes; from 0. @default 1 */
  readonly cost?: WsThrottleValue;
  /** How many units each byte of a message takes besides; from 0. @default 0 */
  readonly costPerByte?: number;
  /** `'report'` counts and audits what the rule would refuse, with a warning at boot. @default `throttling.mode` */
  readonly mode?: ThrottleMode;
}

/** {@link WsThrottleRule} with its defaults, as a handler's plan holds it. */
export type EventThrottle = Readonly<Required<WsThrottleRule>> & {
  /** The values of a rule in which nothing is computed and no byte counts. */
  readonly fixed: ThrottleValues | undefined;
  /** What the audit calls it: the handler and the name of the rule. */
  readonly label: string;
  /** What a storage counts it under, apart from the subject: no other rule has it, of this application or of one beside it. */
  readonly counter: string;
};

/** The values of a rule for one message. */
export interface ThrottleValues {
  readonly limit: number;
  readonly ttl: number;
  readonly blockMs: number;
  readonly cost: number;
}
