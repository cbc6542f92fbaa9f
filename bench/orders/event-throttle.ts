/**
 * The throttle of the event, the same for both servers that have one: never reached, always counted.
 *
 * A window of one second, because the storage of `@nestjs/throttler` filters an array of all hits of the window at each
 * hit: the longer the window, the worse it would look at the rate of a benchmark.
 */
export const EVENT_THROTTLE = Object.freeze({ limit: 100_000_000, ttl: 1_000 });
