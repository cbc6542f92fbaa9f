import type { OptionReader } from '../core/option-reader.js';
import {
  type ResolvedRevalidationOptions,
  resolveRevalidationOptions,
  type RevalidationOptions,
} from './revalidation/revalidation.options.js';

/** The `lifecycle` options: how long a connection lives, and what ends it. */
export interface LifecycleOptions {
  /** How often the server pings, in milliseconds. @default 25000 */
  readonly pingIntervalMs?: number;
  /** How long the client may take to answer a ping, in milliseconds; then 4008. @default 10000 */
  readonly pongTimeoutMs?: number;
  /**
   * How long a connection may go without an application message in either direction, in milliseconds; then 4004.
   * Pings and pongs do not count.
   *
   * @default 900000
   */
  readonly idleTimeoutMs?: number;
  /**
   * What keeps a connection from being idle: messages in both directions, or only those of the client (SL-08).
   *
   * @default 'both'
   */
  readonly idleCounts?: 'both' | 'inbound';
  /**
   * How long a connection lives at most, in milliseconds, less up to 10 % so that connections do not all end at once; then
   * 4002. Refreshing the identity does not extend it (SL-07).
   *
   * @default 7200000
   */
  readonly maxLifetimeMs?: number;
  /** How many bytes may wait for a client that does not read; then 4010. @default 1048576 */
  readonly maxOutboundBytes?: number;
  /** How long anything may wait for a client that does not read, in milliseconds; then 4010. @default 10000 */
  readonly maxOutboundMs?: number;
  /**
   * How long before its identity ends a client that speaks `secure-ws.v1` is told to refresh it, in milliseconds; half of what
   * is left where that is less.
   *
   * @default 60000
   */
  readonly refreshBeforeMs?: number;
  /** How long a connection outlives its identity, in milliseconds; then 4001. @default 0 */
  readonly expiryGraceMs?: number;
  /**
   * How long the peer may take to answer a Close frame, in milliseconds; then the socket is destroyed.
   *
   * @default 5000
   */
  readonly closeTimeoutMs?: number;
  /**
   * How long the connections may take to end when the application shuts down, in milliseconds. Running handlers finish,
   * and clients are told with 1012 when to come back; what is left then is cut off.
   *
   * @default 25000
   */
  readonly drainTimeoutMs?: number;
  /**
   * How long the application stays in service once it is told to shut down, in milliseconds: readiness turns at once, and
   * handshakes are admitted and connections stay until then, so that a load balancer has sent the next ones elsewhere before
   * anybody is refused. The time for the drain begins after it.
   *
   * @default 0
   */
  readonly drainDelayMs?: number;
  /** How long `handleConnection` may take, in milliseconds; then 1011. Messages wait meanwhile. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** How often, and by whom, it is found out that an identity still holds (SL-06). */
  readonly revalidation?: RevalidationOptions;
}

/** {@link LifecycleOptions} with defaults filled. */
export type ResolvedLifecycleOptions = Readonly<
  Required<Omit<LifecycleOptions, 'revalidation'>> & { revalidation: ResolvedRevalidationOptions }
>;

/** Reads the `lifecycle` options. */
export function resolveLifecycleOptions(reader: OptionReader): ResolvedLifecycleOptions {
  const resolved = {
    pingIntervalMs: reader.ms('pingIntervalMs', 25_000),
    pongTimeoutMs: reader.ms('pongTimeoutMs', 10_000),
    idleTimeoutMs: reader.ms('idleTimeoutMs', 900_000, { allowInfinity: true }),
    idleCounts: reader.oneOf('idleCounts', ['both', 'inbound'], 'both'),
    maxLifetimeMs: reader.ms('maxLifetimeMs', 7_200_000, { allowInfinity: true }),
    maxOutboundBytes: reader.count('maxOutboundBytes', 1_048_576, { max: 256 * 1024 * 1024 }),
    maxOutboundMs: reader.ms('maxOutboundMs', 10_000),
    refreshBeforeMs: reader.ms('refreshBeforeMs', 60_000),
    expiryGraceMs: reader.ms('expiryGraceMs', 0, { min: 0, max: 300_000 }),
    closeTimeoutMs: reader.ms('closeTimeoutMs', 5000, { max: 30_000 }),
    drainTimeoutMs: reader.ms('drainTimeoutMs', 25_000, { max: 600_000 }),
    drainDelayMs: reader.ms('drainDelayMs', 0, { min: 0, max: 120_000 }),
    connectTimeoutMs: reader.ms('connectTimeoutMs', 10_000, { max: 60_000 }),
    revalidation: resolveRevalidationOptions(reader.object('revalidation')),
  };
  reader.finish();
  return Object.freeze(resolved);
}
