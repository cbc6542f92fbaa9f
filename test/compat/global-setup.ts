import { installFixtures } from './install-fixtures.js';

/** Runs once, before the first test of the compat project. */
export async function setup(): Promise<void> {
  await installFixtures();
}
