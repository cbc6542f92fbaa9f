/** What a test leaves of the application's handshake limits. */
export type TestLimits = 'relaxed' | 'as-configured';

type Level = Readonly<Record<string, unknown>>;

const LOOPBACK_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

const MANY = Object.freeze({ limit: 100_000, ttl: 10_000 });

// All clients of a test run come from one address, in quick succession, and often as one principal. What is counted by open
// connections of a principal stays: a test can see to it, and may want to test it.
const RELAXED = Object.freeze({
  ratePerAddress: MANY,
  ratePerPrincipal: MANY,
  maxPendingPerAddress: 1000,
  maxOpenPerAddress: 10_000,
});

const RELAXED_BACKOFF = Object.freeze({ freeFailures: 1000 });

/**
 * Lays what a test needs over the application's own options: plaintext on loopback with the origins of production, and
 * relaxed limits by address.
 *
 * A level that is not an object is left as it is: the boot will complain about it as it would without the tests.
 */
export function adjustForTests(options: unknown, limits: TestLimits): unknown {
  if (!isLevel(options)) return options;
  return {
    ...options,
    handshake: adjustHandshake(options['handshake'], limits),
  };
}

function adjustHandshake(handshake: unknown, limits: TestLimits): unknown {
  if (!isLevel(handshake)) return handshake;
  const { hosts } = handshake;
  return {
    ...handshake,
    dangerouslyAllowPlaintext: true,
    ...(Array.isArray(hosts) ? { hosts: [...(hosts as unknown[]), ...LOOPBACK_HOSTS] } : {}),
    ...(limits === 'relaxed' ? { limits: relaxLimits(handshake['limits']) } : {}),
  };
}

function relaxLimits(limits: unknown = {}): unknown {
  if (!isLevel(limits)) return limits;
  const { backoff = {} } = limits;
  return { ...limits, ...RELAXED, backoff: isLevel(backoff) ? { ...backoff, ...RELAXED_BACKOFF } : backoff };
}

function isLevel(value: unknown): value is Level {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
