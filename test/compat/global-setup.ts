import { installFixtures } from './install-fixtures.js';

const shared = globalThis as { secureWsFixtures?: Promise<void> };

/** Runs before the first test of each project that uses the fixtures: they are installed once for all of them. */
export async function setup(): Promise<void> {
  await (shared.secureWsFixtures ??= installFixtures());
}
