import type { NumberBounds, OptionReader } from '../../core/option-reader.js';
import { readDelays } from '../../store/backoff.js';
import { readFileDescriptorLimit } from './file-descriptor-limit.js';

/** How often something may happen: `limit` times in any `ttl` milliseconds. */
export interface HandshakeRate {
  readonly limit: number;
  readonly ttl: number;
}

/**
 * `handshake.limits`: how many handshakes and connections there may be. `Infinity` is no limit, with a warning at boot;
 * `0` is a boot error.
 */
export interface HandshakeLimitsOptions {
  /**
   * Whether the rates and the counts of open connections refuse, or only report. What is pending and what the process
   * bears is always enforced.
   *
   * @default 'enforce'
   */
  readonly mode?: 'enforce' | 'report';
  /**
   * Handshakes of one address (IPv6: /64) in a sliding window; then `429`, before any cryptography (HS-20).
   *
   * @default { limit: 20, ttl: 10000 }
   */
  readonly ratePerAddress?: HandshakeRate;
  /**
   * Verified handshakes of one principal in a sliding window; then `429`. Also limits how many tickets it is issued.
   *
   * @default { limit: 20, ttl: 10000 }
   */
  readonly ratePerPrincipal?: HandshakeRate;
  /**
   * Handshakes that wait for their credentials, in this process; then `503`. What is still looked up for a client that is gone
   * counts as well. At most 10000.
   *
   * @default 1000
   */
  readonly maxPending?: number;
  /** Handshakes of one address that wait for their credentials (DR-04); then `429`. At most 1000. @default 50 */
  readonly maxPendingPerAddress?: number;
  /**
   * Connections in this process, the pending ones included; then `503`.
   *
   * @default the smaller of 10000 and 80 % of the file descriptors that the process may open
   */
  readonly maxOpen?: number;
  /** Connections of one address in this process, the pending ones included; then `429`. @default 500 */
  readonly maxOpenPerAddress?: number;
  /** Connections of one principal, on all nodes. @default 10 */
  readonly maxOpenPerPrincipal?: number;
  /** Connections of one log-in, on all nodes. @default 10 */
  readonly maxOpenPerSession?: number;
  /** Connections of one API key, on all nodes. @default 10 */
  readonly maxOpenPerApiKey?: number;
  /**
   * What happens when a principal, log-in or API key opens one connection too many: it is refused with `429`, or the
   * oldest is closed for it.
   *
   * @default 'refuse'
   */
  readonly onPrincipalLimit?: 'refuse' | 'close-oldest';
  /**
   * For how long a node that died keeps the places of its connections, in milliseconds, where several nodes share a store. A third of
   * it is how often they are renewed, many at a time. 3000 to 3600000.
   *
   * @default 60000
   */
  readonly leaseMs?: number;
  /** What failed authentications cost an address. */
  readonly backoff?: AddressBackoffOptions;
}

/** `handshake.limits.backoff`: an address in backoff has one credential a second verified, and the rest refused with `429`. */
export interface AddressBackoffOptions {
  /**
   * Failed authentications that cost nothing. One is forgiven in twice the longest backoff, two minutes by default.
   *
   * @default 5
   */
  readonly freeFailures?: number;
  /** The first backoff in milliseconds; each further failure doubles it. @default 1000 */
  readonly firstDelayMs?: number;
  /** The longest backoff in milliseconds. @default 60000 */
  readonly maxDelayMs?: number;
}

/** {@link AddressBackoffOptions} with defaults filled. */
export type ResolvedAddressBackoffOptions = Readonly<Required<AddressBackoffOptions>>;

/** {@link HandshakeLimitsOptions} with defaults filled, frozen. */
export interface ResolvedHandshakeLimitsOptions extends Readonly<Required<HandshakeLimitsOptions>> {
  readonly backoff: ResolvedAddressBackoffOptions;
}

const COUNT: NumberBounds = { allowInfinity: true };

/**
 * Reads `handshake.limits`. Problems go to the reader; nothing is thrown.
 *
 * @param fileDescriptors how many the process may open; read once, at boot.
 */
export function resolveHandshakeLimitsOptions(
  reader: OptionReader,
  fileDescriptors: number = readFileDescriptorLimit(),
): ResolvedHandshakeLimitsOptions {
  const resolved = {
    mode: reader.oneOf('mode', ['enforce', 'report'], 'enforce'),
    ratePerAddress: readRate(reader.object('ratePerAddress')),
    ratePerPrincipal: readRate(reader.object('ratePerPrincipal')),
    maxPending: reader.count('maxPending', 1000, { max: 10_000 }),
    maxPendingPerAddress: reader.count('maxPendingPerAddress', 50, { max: 1000 }),
    // The rest is for the application itself: its database, its files, the log.
    maxOpen: reader.count('maxOpen', Math.max(1, Math.min(10_000, Math.floor(fileDescriptors * 0.8))), COUNT),
    maxOpenPerAddress: reader.count('maxOpenPerAddress', 500, COUNT),
    maxOpenPerPrincipal: reader.count('maxOpenPerPrincipal', 10, COUNT),
    maxOpenPerSession: reader.count('maxOpenPerSession', 10, COUNT),
    maxOpenPerApiKey: reader.count('maxOpenPerApiKey', 10, COUNT),
    onPrincipalLimit: reader.oneOf('onPrincipalLimit', ['refuse', 'close-oldest'], 'refuse'),
    leaseMs: reader.ms('leaseMs', 60_000, { min: 3000, max: 3_600_000 }),
    backoff: readBackoff(reader.object('backoff')),
  };
  if (resolved.mode === 'report') {
    reader.warn('mode', 'is "report": rates and counts of connections are not enforced.');
  }
  return reader.finish(resolved);
}

function readRate(reader: OptionReader): HandshakeRate {
  return reader.finish({ limit: reader.count('limit', 20, COUNT), ttl: reader.ms('ttl', 10_000) });
}

function readBackoff(reader: OptionReader): ResolvedAddressBackoffOptions {
  return reader.finish({
    freeFailures: reader.count('freeFailures', 5, { min: 0, max: 1000 }),
    ...readDelays(reader),
  });
}
