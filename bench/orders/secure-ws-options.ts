import type { SecureWsOptions } from '@secure-ws/nestjs';
import { AUDIENCE, BENCHMARK_KEY, ISSUER } from './identity.js';

/** An origin that the servers of the benchmarks allow. */
export const ALLOWED_ORIGIN = 'https://app.bench.example';

const NEVER_REACHED = 100_000_000;
const RULES = [
  { limit: NEVER_REACHED, ttl: 1_000 },
  { limit: NEVER_REACHED, ttl: 10_000 },
];
const RATE = { limit: NEVER_REACHED, ttl: 10_000 };

/**
 * Options of every SecureWs server here: the defaults, but for limits that one client on one address would reach. None is
 * switched off by `Infinity`: they count.
 */
export function secureWsOptions(): SecureWsOptions {
  return {
    handshake: {
      origins: [ALLOWED_ORIGIN],
      trustedProxies: 'none',
      limits: {
        ratePerAddress: RATE,
        ratePerPrincipal: RATE,
        maxOpen: NEVER_REACHED,
        maxOpenPerAddress: NEVER_REACHED,
        maxOpenPerPrincipal: NEVER_REACHED,
        maxOpenPerSession: NEVER_REACHED,
      },
    },
    authentication: { jwt: { secret: BENCHMARK_KEY, algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE } },
    throttling: { connection: RULES, principal: RULES, connectionBytesPerSecond: NEVER_REACHED },
  };
}

/** As {@link secureWsOptions}, for a load that is refused all the time, and by an address from which everybody comes. */
export function soakOptions(): SecureWsOptions {
  const { handshake, throttling, ...others } = secureWsOptions();
  return {
    ...others,
    handshake: {
      ...handshake,
      limits: { ...handshake?.limits, backoff: { freeFailures: 1000, firstDelayMs: 1, maxDelayMs: 1 } },
    },
    throttling: { ...throttling, violations: { budget: NEVER_REACHED } },
  };
}

/** The limits that an application has without setting any. */
export function defaultLimits(): Pick<SecureWsOptions, 'handshake' | 'throttling'> {
  return { handshake: { origins: [ALLOWED_ORIGIN], trustedProxies: 'none' }, throttling: {} };
}
